/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Broken and foreign model files: each is refused with its file, its line and what would be right.
 */
#include "adit_model.h"
#include "harness.h"
#include "model_priv.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct adit_error error;

/* libconfig 1.5 loses the string before a syntax error. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so";
}

#define HEAD "format = 1;\nkind = \"%s\";\n"
#define FEATURES                                               \
	"features = (\n"                                       \
	"\t{ name = \"length\"; mean = 0; scale = 1; },\n"     \
	"\t{ name = \"bytes\"; mean = 1.5; scale = 2; }\n);\n" \
	"training: { rows = 2; given = 3; groups = 0; };\n"

static const char svm[] = "svm_type one_class\nkernel_type rbf\ngamma 0.5\nnr_class 2\ntotal_sv 2\n"
			  "rho 0.25\nSV\n0.5 1:1 2:2 \n0.25 2:-1 \n";
static const char envelope[] = "adit-envelope 1\ncovariance all\nlocation 0 1\nrow 4 0\nrow 0 1\n";
static const char trees[] =
	"{\"learner\":{\"gradient_booster\":{\"model\":{\"trees\":[\n"
	"{\"left_children\":[1,-1,-1],\"right_children\":[2,-1,-1],\"split_indices\":[1,0,0],\n"
	"\"split_conditions\":[0.5,-1,2],\"default_left\":[1,0,0],\"categories_nodes\":[]}]},\n"
	"\"name\":\"gbtree\"},\"learner_model_param\":{\"base_score\":\"5E-1\",\n"
	"\"num_feature\":\"2\"},\"objective\":{\"name\":\"binary:logistic\"}},\"version\":[1,7,4]}";

static int parse_text(const char *conf, size_t conf_size, const char *data, size_t size,
	struct adit_model **model)
{
	error.text[0] = '\0';
	return adit_model_parse("m", harness_exact(conf, conf_size), conf_size,
		harness_exact(data, size), size, model, &error);
}

/* The settings of model.conf, completed by a `data` group for this file and a wrong checksum. */
static size_t complete(
	char *text, size_t room, const char *kind, const char *conf, const char *data)
{
	return (size_t)snprintf(text, room,
		"%sdata: { file = \"%s\"; size = %zu; crc32 = \"%08x\"; };\n"
		"checksum = \"00000000\";\n",
		conf,
		kind[0] == 's'   ? "svm.txt"
		: kind[0] == 'e' ? "envelope.txt"
				 : "trees.json",
		strlen(data), adit_conf_crc(data, strlen(data)));
}

/* With the checksum that the message about the wrong one tells. */
static struct adit_model *parse(const char *kind, const char *conf, const char *data, int *status)
{
	char text[8192];
	size_t length = complete(text, sizeof(text), kind, conf, data);
	const char *told;
	struct adit_model *model;

	*status = parse_text(text, length, data, strlen(data), &model);
	if (*status != -EBADMSG)
		return model;
	told = strstr(error.text, "checksum is \"");
	if (told != NULL)
		memcpy(text + length - 11, told + strlen("checksum is \""), 8);
	*status = parse_text(text, length, data, strlen(data), &model);
	return model;
}

static struct adit_model *parse_kind(const char *kind, const char *data, int *status)
{
	char conf[512];

	snprintf(conf, sizeof(conf), HEAD FEATURES, kind);
	return parse(kind, conf, data, status);
}

/* The file with `what` in place of `part`; NULL: as it is. */
static void check_data(
	const char *kind, const char *file, const char *part, const char *what, const char *want)
{
	char data[4096];
	const char *at = strstr(file, part);
	int status;

	REQUIRE(at != NULL);
	snprintf(data, sizeof(data), "%.*s%s%s", (int)(at - file), file, what, at + strlen(part));
	struct adit_model *model = parse_kind(kind, data, &status);
	CHECK_EQ_INT(status, -EINVAL);
	CHECK(model == NULL);
	CHECK_EQ_STR(error.text, want);
	adit_model_destroy(model);
}

static void check_score(const char *kind, const char *data, const double values[2], double want)
{
	static const char *const names[] = {"length", "bytes"};
	int status;
	struct adit_model *model = parse_kind(kind, data, &status);

	CHECK_EQ_INT(status, 0);
	CHECK_EQ_STR(error.text, "");
	REQUIRE(model != NULL);
	CHECK_EQ_INT(adit_model_bind(model, names, 2, &error), 0);
	double got = adit_model_score(model, values);
	if (!(got - want < 1e-7 && want - got < 1e-7))
		FAIL("%s: %.17g, expected %.17g", kind, got, want);
	adit_model_destroy(model);
}

/* Scores worked by hand. */
TEST(model_files, good_files_score)
{
	/* Scaled: (1, 2). e^(-0.5 × 0) × 0.5 + e^(-0.5 × (1 + 9)) × 0.25. */
	check_score("svm", svm, (const double[]){1, 5.5}, 0.25 - 0.5 - 0.25 * 0.006737946999085467);
	/* (2 - 0)² / 4 + (3 - 1)². */
	check_score("envelope", envelope, (const double[]){2, 7.5}, 5);
	check_score("trees", trees, (const double[]){0, 0.25}, -1);
	check_score("trees", trees, (const double[]){0, 0.5}, 2);
}

TEST(model_files, svm_says_what_is_wrong)
{
	check_data("svm", svm, "one_class", "c_svc",
		"m/svm.txt:1: svm_type \"c_svc\"; only one_class is read");
	check_data("svm", svm, "kernel_type rbf", "kernel_type poly",
		"m/svm.txt:2: kernel_type \"poly\"; rbf or linear are read");
	check_data("svm", svm, "gamma 0.5", "gamma -1",
		"m/svm.txt:3: gamma \"-1\"; a number above 0 is right");
	check_data("svm", svm, "gamma 0.5", "gamma 1 2",
		"m/svm.txt:3: more than one value after \"gamma\"");
	check_data("svm", svm, "nr_class 2", "nr_class 3",
		"m/svm.txt:4: nr_class \"3\"; a one-class model has 2");
	check_data("svm", svm, "total_sv 2", "total_sv 3",
		"m/svm.txt:9: the file ends after 2 of 3 vectors");
	check_data("svm", svm, "total_sv 2", "total_sv 1",
		"m/svm.txt:9: more than the 1 vectors of total_sv");
	check_data("svm", svm, "total_sv 2", "total_sv 999999",
		"m/svm.txt:7: total_sv 999999 × 2 features: more than the file holds, or than "
		"67108864 numbers");
	check_data("svm", svm, "rho 0.25\n", "",
		"m/svm.txt:6: not a whole model of libsvm: before SV there must be svm_type, "
		"kernel_type, gamma (of rbf), nr_class, total_sv and rho");
	check_data("svm", svm, "0.25 2:-1", "nan 2:-1",
		"m/svm.txt:9: coefficient \"nan\"; a number above 0 is right in a one-class model");
	check_data("svm", svm, "2:-1", "3:-1",
		"m/svm.txt:9: \"3:-1\"; right is INDEX:NUMBER, an ascending index from 1 to 2");
	check_data("svm", svm, "1:1 2:2", "2:1 1:2",
		"m/svm.txt:8: \"1:2\"; right is INDEX:NUMBER, an ascending index from 1 to 2");
	check_data("svm", svm, "svm_type", "PK\x03",
		"m/svm.txt:1: unknown word \"PK\x03\"; known: svm_type, kernel_type, gamma, "
		"nr_class, total_sv, rho, SV");
}

TEST(model_files, envelope_says_what_is_wrong)
{
	check_data("envelope", envelope, "adit-envelope 1", "adit-envelope 2",
		"m/envelope.txt:1: not an envelope: expected \"adit-envelope 1\" first");
	check_data("envelope", envelope, "covariance all", "covariance some",
		"m/envelope.txt:2: expected \"covariance robust\" or \"covariance all\"");
	check_data("envelope", envelope, "row 4 0", "row 4",
		"m/envelope.txt:4: number 2 of \"row\" is missing or no number; expected 2");
	check_data("envelope", envelope, "row 4 0", "row 4 0 0",
		"m/envelope.txt:4: more than 2 numbers after \"row\"");
	check_data("envelope", envelope, "row 4 0", "row 4 1",
		"m/envelope.txt:5: rows 1 and 2 are not symmetric; a covariance is");
	check_data("envelope", envelope, "row 4 0", "row -4 0",
		"m/envelope.txt:5: variance 1 is below 0");
	check_data("envelope", envelope, "row 0 1\n", "",
		"m/envelope.txt:4: expected \"row\" and 2 numbers");
	check_data("envelope", envelope, "row 0 1\n", "row 0 1\nrow",
		"m/envelope.txt:6: expected nothing after 2 rows");
}

#define MODEL "m/trees.json: learner.gradient_booster.model"

TEST(model_files, trees_say_what_is_wrong)
{
	check_data("trees", trees, "[1,-1,-1]", "[0,-1,-1]",
		MODEL ".trees[0]: node 0 has two parents; one is right");
	check_data("trees", trees, "[1,-1,-1]", "[2,-1,-1]",
		MODEL ".trees[0]: node 2 has two parents; one is right");
	check_data("trees", trees, "[1,-1,-1]", "[3,-1,-1]",
		MODEL ".trees[0]: node 0 has no child 3; it has 3 nodes");
	check_data("trees", trees, "[1,-1,-1]", "[-2,-1,-1]",
		MODEL ".trees[0]: node 0 has no child -2; it has 3 nodes");
	check_data("trees", trees, "[1,-1,-1]", "[-1,-1,-1]",
		MODEL ".trees[0]: node 0 has one child; two or none is right");
	check_data("trees", trees, "[1,0,0],\n", "[2,0,0],\n",
		MODEL ".trees[0]: node 0 splits on feature 2; the model has 2");
	check_data("trees", trees, "[1,0,0],\n", "[-1,0,0],\n",
		MODEL ".trees[0]: node 0 splits on feature -1; the model has 2");
	check_data("trees", trees, "[0.5,-1,2]", "[0.5,-1]",
		MODEL ".trees[0]: 2 nodes in split_conditions, 3 in left_children");
	check_data("trees", trees, "[0.5,-1,2]", "[1e39,-1,2]",
		MODEL ".trees[0].split_conditions[0] is 1e+39; too large for a float");
	check_data("trees", trees, "[0.5,-1,2]", "[0.5,null,2]",
		MODEL ".trees[0].split_conditions[1] is null; a number is right");
	check_data("trees", trees, "[1,-1,-1]", "[1.5,-1,-1]",
		MODEL ".trees[0].left_children[0] is a number with a fraction; an integer is "
		      "right");
	check_data("trees", trees, "[1,-1,-1]", "true",
		MODEL ".trees[0].left_children is true; an array is right");
	check_data("trees", trees, "\"default_left\":[1,0,0]", "\"default_left\":[\"1\",0,0]",
		MODEL ".trees[0].default_left[0] is a string; 0 or 1 is right");
	check_data("trees", trees, "\"default_left\"", "\"default_right\"",
		"m/trees.json: there is no learner.gradient_booster.model.trees[0].default_left; "
		"an "
		"array is right");
	check_data("trees", trees, "\"categories_nodes\":[]", "\"categories_nodes\":[0]",
		MODEL ".trees[0] splits on categories; only numbers are read");
	check_data("trees", trees, "[\n{", "[7,\n{",
		MODEL ".trees[0] is an integer; an object is right");
	check_data("trees", trees, "\"trees\":[", "\"trees\":[],\"others\":[",
		MODEL ".trees is empty; a model has a tree at least");
}

TEST(model_files, what_stands_around_trees_is_checked)
{
	check_data("trees", trees, "gbtree", "dart",
		"m/trees.json: learner.gradient_booster.name is \"dart\"; only gbtree is read");
	check_data("trees", trees, "binary:logistic", "reg:squarederror",
		"m/trees.json: learner.objective.name is \"reg:squarederror\"; only "
		"binary:logistic is read");
	check_data("trees", trees, "\"5E-1\"", "\"1\"",
		"m/trees.json: learner.learner_model_param.base_score is 1; above 0 and below 1 "
		"is right");
	check_data("trees", trees, "\"5E-1\"", "\"half\"",
		"m/trees.json: learner.learner_model_param.base_score is \"half\"; a number is "
		"right");
	check_data("trees", trees, "\"5E-1\"", "0.5",
		"m/trees.json: learner.learner_model_param.base_score is a number with a "
		"fraction; a string is right");
	check_data("trees", trees, "\"num_feature\":\"2\"", "\"num_feature\":\"9\"",
		"m/trees.json: learner.learner_model_param.num_feature is 9; model.conf has 2 "
		"features");
	check_data("trees", trees, "\"objective\"", "\"objection\"",
		"m/trees.json: there is no learner.objective; an object is right");
	check_data("trees", trees, "\"learner\"", "\"other\"",
		"m/trees.json: not a model of XGBoost: there is no object learner");
}

/* What is no JSON is told where it stands. */
TEST(model_files, trees_that_are_no_json)
{
	check_data("trees", trees, "[1,7,4]}", "[1,7,4]",
		"m/trees.json:5:76: '}' expected near end of file");
	check_data("trees", trees, "[1,7,4]}", "[1,7,4]}x",
		"m/trees.json:5:78: end of file expected near 'x'");
	check_data("trees", trees, "[0.5,-1,2]", "[1e999,-1,2]",
		"m/trees.json:3:25: real number overflow near '1e999'");
	check_data("trees", trees, "[0.5,-1,2]", "[Infinity,-1,2]",
		"m/trees.json:3:28: invalid token near 'Infinity'");
	check_data("trees", trees, "\"version\"", "\"learner\"",
		"m/trees.json:5:68: duplicate object key near '\"learner\"'");
	check_data("trees", trees, "gbtree", "gb\x1btree",
		"m/trees.json:4:10: control character 0x1b near '\"gb'");
	check_data("trees", trees, trees, "",
		"m/trees.json:1:0: '[' or '{' expected near end of file");
}

/* Newer versions of XGBoost write flags as booleans, and the base score in brackets. */
TEST(model_files, newer_trees_are_read)
{
	static const char flags[] = "\"default_left\":[true,false,false]", base[] = "\"[5E-1]\"";
	const char *at = strstr(trees, "\"default_left\""), *after = strstr(at, ",\"categories");
	const char *score = strstr(trees, "\"5E-1\"");
	char data[1024];

	snprintf(data, sizeof(data), "%.*s%s%.*s%s%s", (int)(at - trees), trees, flags,
		(int)(score - after), after, base, score + 6);
	check_score("trees", data, (const double[]){0, 0.25}, -1);
	check_score("trees", data, (const double[]){0, NAN}, -1);
	check_score("trees", data, (const double[]){0, 0.5}, 2);
}

TEST(model_files, nested_brackets_are_no_danger)
{
	static char deep[500000];
	int status;

	memset(deep, '[', sizeof(deep) - 1);
	memcpy(deep, "{\"a\":", 5);
	CHECK(parse_kind("trees", deep, &status) == NULL);
	CHECK_EQ_INT(status, -EINVAL);
	CHECK_CONTAINS(error.text, "m/trees.json:1:");
	CHECK_CONTAINS(error.text, "maximum parsing depth reached");
}
/* Not a byte of it is read. */
TEST(model_files, huge_trees_are_refused)
{
	size_t size = ((size_t)64 << 20) + 1;
	char *bytes = calloc(size, 1);
	struct adit_trees none = {.count = 0};

	REQUIRE(bytes != NULL);
	CHECK_EQ_INT(adit_trees_read(&none, 2, "m/trees.json", bytes, size, &error), -EFBIG);
	CHECK_EQ_STR(error.text, "m/trees.json: 67108865 bytes; up to 64 MiB are read");
	free(bytes);
}

#define THRESHOLD(name, value, more)                                                        \
	name ": { method = \"given\"; value = " value "; rate = 0.1; bound = 1; rows = 0; " \
	     "above = 0;\n" more "};\n"

/* The settings of model.conf of an svm, refused with this message. */
static void check_conf(const char *conf, const char *want)
{
	int status;
	struct adit_model *model = parse("svm", conf, svm, &status);

	CHECK_EQ_INT(status, -EINVAL);
	CHECK(model == NULL);
	CHECK_EQ_STR(error.text, want);
	adit_model_destroy(model);
}

TEST(model_files, conf_says_what_is_wrong)
{
#define CONF(more) "format = 1;\nkind = \"svm\";\n" more
	check_conf("PNG\nformat = 1;\n",
		"m/model.conf:2: syntax error: \"format = 1;\"; write setting = value; or group: { "
		"setting = value; };");
	check_conf("format = 2;\ncolour = 7;\n", "m/model.conf:1: format: 2 is out of range; it "
						 "takes 1: a newer version of adit wrote "
						 "it");
	check_conf("format = 1;\nkind = \"tree\";\n",
		"m/model.conf:2: kind: \"tree\" is not a choice; it takes one of \"svm\", "
		"\"envelope\", \"trees\"");
	check_conf("format = 1;\nkind = \"trees\";\n" FEATURES,
		"m/model.conf:8: data.file of kind \"trees\" is \"trees.json\", not "
		"\"svm.txt\"");
	check_conf(CONF(FEATURES "kind = \"svm\";\n"),
		"m/model.conf:8: this setting stands here a second time: \"kind = \"svm\";\"");
	check_conf(CONF(FEATURES "colour = \"red\";\n"),
		"m/model.conf:8: unknown setting colour; there are format, kind, rows, span, "
		"features, "
		"training, threshold, suspect, data, checksum");
	check_conf(CONF("span = \"10 min\";\n"),
		"m/model.conf:3: span does not fit; it takes a string of 0 to 31 of "
		"abcdefghijklmnopqrstuvwxyz_0123456789");
	check_conf(CONF("rows = \"Session 1\";\n"),
		"m/model.conf:3: rows does not fit; it takes a string of 0 to 31 of "
		"abcdefghijklmnopqrstuvwxyz_");
	check_conf(CONF("features = (\n{ name = \"a\"; mean = 0; scale = 0; });\n"),
		"m/model.conf:4: features.scale: 0 is out of range; it takes a number above 0");
	check_conf(CONF("features = (\n{ name = \"a\"; mean = 0; });\n"),
		"m/model.conf:4: there is no features.scale; it takes a number above 0");
	check_conf(CONF("features = (\n{ name = \"a\\n\"; mean = 0; });\n"),
		"m/model.conf:4: features.name does not fit; it takes a string of 1 to 127 "
		"printable bytes");
	check_conf(CONF("features = ( { name = \"a\"; mean = 0; scale = 1; },\n"
			"{ name = \"a\"; mean = 0; scale = 1; } );\n"
			"training: { rows = 2; given = 3; groups = 0; };\n"),
		"m/model.conf:4: feature \"a\" is there already");
	check_conf(CONF("features = ( );\n"),
		"m/model.conf:3: features has 0 elements; it takes a list ( ) of 1 to 1024 "
		"groups { }");
	check_conf(CONF("training: { rows = 2; given = 3; groups = 0; };\n"),
		"m/model.conf:5: there is no features; it takes a list ( ) of 1 to 1024 groups { "
		"}");
}

TEST(model_files, thresholds_in_conf_are_checked)
{
	check_conf(CONF("threshold: { method = \"none\"; };\n"),
		"m/model.conf:3: threshold.method: \"none\" is not a choice; it takes one of "
		"\"given\", \"rank\", \"tail\", \"largest\"");
	check_conf(CONF("threshold: { method = \"tail\";\nvalue = nan; };\n"),
		"m/model.conf:4: syntax error: \"value = nan; };\"; write setting = value; or "
		"group: { setting = value; };");
	check_conf(CONF(THRESHOLD("threshold", "1e999", "")),
		"m/model.conf:3: threshold.value: inf is out of range; it takes a number");
	check_conf(CONF("threshold: { method = \"tail\";\nvalue = 0.5; };\n"),
		"m/model.conf:3: there is no threshold.rate; it takes a number");
	check_conf(CONF(THRESHOLD("threshold", "1", "tail: { rows = 3; shape = 1; };\n")),
		"m/model.conf:4: there is no threshold.tail.scale; it takes a number");
	check_conf(CONF(FEATURES THRESHOLD("threshold", "1",
			   "steps = ( { names = 9; value = 1; },\n{ names = 9; value = 2; } );")),
		"m/model.conf:10: threshold.steps: 9 names after 9; ascending numbers are right");
	check_conf(CONF(THRESHOLD("threshold", "1", "steps = ( { names = 2.5; } );")),
		"m/model.conf:4: threshold.steps.names is a number with a fraction; it takes an "
		"integer from 0 to 9007199254740992");
	check_conf(CONF(THRESHOLD("suspect", "1", "steps = ( 2.5 );")),
		"m/model.conf:4: suspect.steps is a number with a fraction; it takes a list ( ) of "
		"1 to 16 groups { }");
	check_conf(CONF(FEATURES THRESHOLD("threshold", "1", "") THRESHOLD("suspect", "1.5", "")),
		"m/model.conf:10: suspect.value 1.5 is above threshold.value 1; at most that is "
		"right");
}

/* A file of another make: no line of it is taken for a setting. */
TEST(model_files, what_is_no_model_is_refused)
{
	static const char old[] = "adit-model 1\nkind svm\n", zero[] = "format = 1;\n\0kind";
	struct adit_model *model;

	CHECK_EQ_INT(parse_text(old, sizeof(old) - 1, svm, 4, &model), -EINVAL);
	CHECK_EQ_STR(error.text,
		"m/model.conf:1: syntax error: \"adit-model 1\"; write setting = value; or group: "
		"{ setting = value; };");
	CHECK_EQ_INT(parse_text(zero, sizeof(zero) - 1, svm, 4, &model), -EINVAL);
	CHECK_EQ_STR(error.text, "m/model.conf: not text: it holds a zero byte");
	CHECK_EQ_INT(parse_text("", 0, svm, 4, &model), -EINVAL);
	CHECK_EQ_STR(error.text, "m/model.conf:1: there is no format; it takes 1");
	CHECK_EQ_INT(parse_text("@include \"x\"\n", 13, svm, 4, &model), -EINVAL);
	CHECK_EQ_STR(error.text, "m/model.conf:1: @include works in configuration files only");
	char *large = malloc(ADIT_CONF_SIZE_MAX + 1);
	memset(large, ' ', ADIT_CONF_SIZE_MAX + 1);
	CHECK_EQ_INT(adit_model_parse("m", large, ADIT_CONF_SIZE_MAX + 1, svm, 4, &model, &error),
		-EFBIG);
	CHECK_EQ_STR(error.text, "m/model.conf: larger than 512 KiB");
	free(large);
}

/* Puts the sum into the checksum that ends the text. */
static void put_sum(char *text, size_t length, uint32_t sum)
{
	snprintf(text + length - 11, 12, "%08x\";\n", sum);
}

/* Of what stands in the file only the settings count: layout, comments and a number's form do not.
 * The sum is that of the settings as the writer has them. */
TEST(model_files, a_changed_conf_tells_the_sum_that_would_be_right)
{
	static const char canonical[] =
		"format = 1;\nkind = \"svm\";\nfeatures = (\n"
		"\t{ name = \"length\"; mean = 0.0; scale = 1.0; },\n"
		"\t{ name = \"bytes\"; mean = 1.5; scale = 2.0; }\n);\n"
		"training: {\n\trows = 2;\n\tgiven = 3;\n\tgroups = 0;\n};\n"
		"threshold: {\n\tmethod = \"given\";\n\tvalue = 0.10000000000000001;\n"
		"\trate = 0.10000000000000001;\n\tbound = 1.0;\n\trows = 0;\n\tabove = 0;\n};\n"
		"data: {\n\tfile = \"svm.txt\";\n\tsize = %zu;\n\tcrc32 = \"%08x\";\n};\n";
	static const char *const same[] = {
		CONF(FEATURES THRESHOLD("threshold", "0.1", "")),
		"# a comment\n" CONF(FEATURES THRESHOLD("threshold", "1e-1", "limited = false;\n")),
		CONF(THRESHOLD("threshold", "0.100000000000000005", "") FEATURES),
	};
	char text[4096], want[128];
	struct adit_model *model;
	size_t length = (size_t)snprintf(
		text, sizeof(text), canonical, strlen(svm), adit_conf_crc(svm, strlen(svm)));
	uint32_t sum = adit_conf_crc(text, length);

	for (size_t i = 0; i < ADIT_COUNT(same); i++) {
		length = complete(text, sizeof(text), "svm", same[i], svm);
		CHECK_EQ_INT(parse_text(text, length, svm, strlen(svm), &model), -EBADMSG);
		snprintf(want, sizeof(want), "\"%08x\", not \"00000000\"; if that was meant", sum);
		CHECK_CONTAINS(error.text, want);
		put_sum(text, length, sum);
		CHECK_EQ_INT(parse_text(text, length, svm, strlen(svm), &model), 0);
		adit_model_destroy(model);
	}
	length = complete(text, sizeof(text), "svm",
		CONF(FEATURES THRESHOLD("threshold", "0.10000000000000002", "")), svm);
	put_sum(text, length, sum);
	CHECK_EQ_INT(parse_text(text, length, svm, strlen(svm), &model), -EBADMSG);
	CHECK(model == NULL);
	snprintf(want, sizeof(want),
		"m/model.conf:11: the settings have changed: their checksum is \"");
	CHECK_CONTAINS(error.text, want);
	snprintf(want, sizeof(want), ", not \"%08x\"; if that was meant, write checksum = \"", sum);
	CHECK_CONTAINS(error.text, want);
}

/* A conf with its right checksum; `text` has room for 1024 bytes. */
static size_t complete_rightly(char *text)
{
	size_t length = complete(text, 1024, "svm", CONF(FEATURES), svm);
	struct adit_model *model;

	CHECK_EQ_INT(parse_text(text, length, svm, strlen(svm), &model), -EBADMSG);
	memcpy(text + length - 11, strstr(error.text, "checksum is \"") + 13, 8);
	CHECK_EQ_INT(parse_text(text, length, svm, strlen(svm), &model), 0);
	adit_model_destroy(model);
	return length;
}

TEST(model_files, damage_is_told_before_content)
{
	char conf[1024], cut[sizeof(svm)];
	size_t length = complete_rightly(conf);
	struct adit_model *model;

	memcpy(cut, svm, sizeof(svm));
	cut[40] ^= 1;
	CHECK_EQ_INT(parse_text(conf, length, cut, strlen(svm), &model), -EBADMSG);
	CHECK_CONTAINS(error.text, "m/svm.txt has the CRC-32 ");
	CHECK_CONTAINS(error.text, "the file is damaged or of another model");
	CHECK_EQ_INT(parse_text(conf, length, svm, strlen(svm) - 1, &model), -EBADMSG);
	CHECK_CONTAINS(error.text, "the file is cut or of another model");
}

TEST(model_files, damage_of_the_conf_is_found)
{
	char conf[1024];
	size_t length = complete_rightly(conf);
	struct adit_model *model;

	/* Every shorter one is refused, and none is read beyond its end; what may be missing is the
	 * end of the last line. */
	for (size_t size = 0; size < length - 2; size++) {
		CHECK(parse_text(conf, size, svm, strlen(svm), &model) != 0 && model == NULL);
		CHECK_CONTAINS(error.text, "m/model.conf:");
	}
	for (size_t i = 0; i < length; i++) {
		if (conf[i] < '1' || conf[i] > '9')
			continue;
		conf[i]--;
		CHECK(parse_text(conf, length, svm, strlen(svm), &model) != 0 && model == NULL);
		conf[i]++;
	}
}

/* The example of docs/models.md is what the writer makes of what the reader makes of it. */
TEST(model_files, the_documented_conf_is_written_as_it_stands)
{
	static char page[65536];
	char path[512], *start, *end, *text = NULL;
	struct adit_conf_data data;
	struct adit_model *model = NULL;
	size_t size;
	FILE *from, *to = open_memstream(&text, &size);

	snprintf(path, sizeof(path), "%s/docs/models.md", harness_source_root());
	from = fopen(path, "r");
	REQUIRE(from != NULL && to != NULL);
	page[fread(page, 1, sizeof(page) - 1, from)] = '\0';
	fclose(from);
	start = strstr(page, "```\n# A model of Adit");
	REQUIRE(start != NULL);
	start += 4;
	end = strstr(start, "```");
	REQUIRE(end != NULL);
	*end = error.text[0] = '\0';
	CHECK_EQ_INT(
		adit_conf_read("docs", start, (size_t)(end - start), &model, &data, &error), 0);
	CHECK_EQ_STR(error.text, "");
	REQUIRE(model != NULL);
	CHECK_EQ_INT(adit_conf_write(model, &data, to), 0);
	fclose(to);
	CHECK_EQ_STR(text, start);
	CHECK(adit_model_threshold_for(model, 12) == 0.5);
	free(text);
	adit_model_destroy(model);
}

/* Every one-byte change and every cut of the engines' files ends in a message or a model. */
TEST(model_files, every_cut_is_refused)
{
	const char *const kinds[] = {"svm", "envelope", "trees"};
	const char *const files[] = {svm, envelope, trees};

	for (size_t k = 0; k < 3; k++) {
		for (size_t size = 0; size + 2 < strlen(files[k]); size++) {
			char data[4096];
			int status;
			snprintf(data, sizeof(data), "%.*s", (int)size, files[k]);
			struct adit_model *model = parse_kind(kinds[k], data, &status);
			/* A number that is cut may still be one. */
			if (model == NULL)
				CHECK(status == -EINVAL && error.text[0] != '\0');
			else
				CHECK(strchr("0123456789", data[size - 1]) != NULL ||
					data[size - 1] == ' ');
			adit_model_destroy(model);
		}
	}
}

TEST(model_files, a_folder_that_is_not_there_is_told)
{
	struct adit_model *model;
	char folder[] = "/tmp/adit-model-XXXXXX", path[64];

	CHECK_EQ_INT(adit_model_read("/nonexistent", &model, &error), -ENOENT);
	CHECK_EQ_STR(
		error.text, "/nonexistent/model.conf: cannot be read: No such file or directory");
	REQUIRE(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/model.conf", folder);
	CHECK_EQ_INT(mkdir(path, 0700), 0);
	CHECK(adit_model_read(folder, &model, &error) < 0);
	CHECK_CONTAINS(error.text, "model.conf: ");
	rmdir(path);
	rmdir(folder);
}
