/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Broken and foreign model files: each is refused with its file, its line and what would be right.
 */
#include "adit_model.h"
#include "harness.h"
#include "model_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static struct adit_error error;

#define HEAD "adit-model 1\nkind %s\nrows 2 of 3\nsources 0\n"
#define FEATURES                                    \
	"feature 0 1 length\nfeature 1.5 2 bytes\n" \
	"threshold none\nrate 0.1 bound 1 rows 0 above 0\n"

static const char svm[] = "svm_type one_class\nkernel_type rbf\ngamma 0.5\nnr_class 2\ntotal_sv 2\n"
			  "rho 0.25\nSV\n0.5 1:1 2:2 \n0.25 2:-1 \n";
static const char envelope[] = "adit-envelope 1\ncovariance all\nlocation 0 1\nrow 4 0\nrow 0 1\n";
static const char trees[] =
	"{\"learner\":{\"gradient_booster\":{\"model\":{\"trees\":[\n"
	"{\"left_children\":[1,-1,-1],\"right_children\":[2,-1,-1],\"split_indices\":[1,0,0],\n"
	"\"split_conditions\":[0.5,-1,2],\"default_left\":[1,0,0],\"categories_nodes\":[]}]},\n"
	"\"name\":\"gbtree\"},\"learner_model_param\":{\"base_score\":\"5E-1\",\n"
	"\"num_feature\":\"2\"},\"objective\":{\"name\":\"binary:logistic\"}},\"version\":[1,7,4]}";

/* The lines of model.conf, with a `data` line for this file and the `end` line. */
static struct adit_model *parse(
	const char *kind, const char *conf, const char *data, bool with_end, int *status)
{
	char text[4096];
	size_t size = strlen(data), length;
	struct adit_model *model;

	length = (size_t)snprintf(text, sizeof(text), "%sdata %s %zu %08x\n", conf,
		kind[0] == 's'   ? "svm.txt"
		: kind[0] == 'e' ? "envelope.txt"
				 : "trees.json",
		size, adit_conf_crc(data, size));
	if (with_end)
		length += (size_t)snprintf(text + length, sizeof(text) - length, "end %08x\n",
			adit_conf_crc(text, length));
	error.text[0] = '\0';
	*status = adit_model_parse("m", harness_exact(text, length), length,
		harness_exact(data, size), size, &model, &error);
	return model;
}

static struct adit_model *parse_kind(const char *kind, const char *data, int *status)
{
	char conf[512];

	snprintf(conf, sizeof(conf), HEAD FEATURES, kind);
	return parse(kind, conf, data, true, status);
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

TEST(model_files, trees_say_what_is_wrong)
{
	check_data("trees", trees, "[1,-1,-1]", "[0,-1,-1]",
		"m/trees.json:3:76: tree 0: node 0 has two parents");
	check_data("trees", trees, "[1,-1,-1]", "[2,-1,-1]",
		"m/trees.json:3:76: tree 0: node 2 has two parents");
	check_data("trees", trees, "[1,-1,-1]", "[3,-1,-1]",
		"m/trees.json:3:76: tree 0: node 0 has no child 3");
	check_data("trees", trees, "[1,-1,-1]", "[-1,-1,-1]",
		"m/trees.json:3:76: tree 0: node 0 has one child; two or none is right");
	check_data("trees", trees, "[1,0,0],\n", "[2,0,0],\n",
		"m/trees.json:3:76: tree 0: node 0 splits on feature 2; the model has 2");
	check_data("trees", trees, "[0.5,-1,2]", "[0.5,-1]",
		"m/trees.json:3:74: tree 0: 2 nodes in split_conditions, 3 in left_children");
	check_data("trees", trees, "[0.5,-1,2]", "[1e39,-1,2]",
		"m/trees.json:3:21: the number is too large for a float");
	check_data("trees", trees, "\"categories_nodes\":[]", "\"categories_nodes\":[0]",
		"m/trees.json:3:74: tree 0 splits on categories; only numbers are read");
	check_data("trees", trees, "gbtree", "dart",
		"m/trees.json:4:14: booster \"dart\"; only gbtree is read");
	check_data("trees", trees, "binary:logistic", "reg:squarederror",
		"m/trees.json:5:58: objective \"reg:squarederror\"; only binary:logistic is read");
	check_data("trees", trees, "\"5E-1\"", "\"1\"",
		"m/trees.json:4:57: base_score is 1; above 0 and below 1 is right");
	check_data("trees", trees, "\"num_feature\":\"2\"", "\"num_feature\":\"9\"",
		"m/trees.json:5:18: num_feature is 9, model.conf has 2 features");
	check_data("trees", trees, "[1,7,4]}", "[1,7,4]", "m/trees.json:5:77: expected ',' or '}'");
	check_data("trees", trees, "[1,7,4]}", "[1,7,4]}x",
		"m/trees.json:5:78: expected the end of the file");
	check_data("trees", trees, "\"learner\"", "\"other\"",
		"m/trees.json:5:78: not a model of XGBoost: expected learner with "
		"gradient_booster (gbtree, trees), learner_model_param (base_score) and objective");
}

TEST(model_files, nested_brackets_are_no_danger)
{
	char deep[3000];
	int status;

	memset(deep, '[', sizeof(deep) - 1);
	memcpy(deep, "{\"a\":", 5);
	deep[sizeof(deep) - 1] = '\0';
	CHECK(parse_kind("trees", deep, &status) == NULL);
	CHECK_EQ_INT(status, -EINVAL);
	CHECK_EQ_STR(error.text, "m/trees.json:1:70: nested deeper than 64");
}

static void check_conf(const char *conf, const char *want)
{
	int status;
	struct adit_model *model = parse("svm", conf, svm, true, &status);

	CHECK(status == -EINVAL && model == NULL);
	CHECK_EQ_STR(error.text, want);
	adit_model_destroy(model);
}

TEST(model_files, conf_says_what_is_wrong)
{
#define CONF(kind, more) "adit-model 1\nkind " kind "\nrows 2 of 3\nsources 0\n" more
	check_conf("PNG\n", "m/model.conf:1: not a model of Adit: expected \"adit-model 1\" first");
	check_conf("adit-model 2\n",
		"m/model.conf:1: not a model of Adit: expected \"adit-model 1\" first");
	check_conf(CONF("tree", FEATURES),
		"m/model.conf:2: kind \"tree\"; svm, envelope or trees is right");
	check_conf(CONF("trees", FEATURES),
		"m/model.conf:10: the data of kind trees is trees.json, not svm.txt");
	check_conf(CONF("svm", FEATURES "kind svm\n"), "m/model.conf:9: \"kind\" is there already");
	check_conf(CONF("svm", FEATURES "colour red\n"),
		"m/model.conf:9: unknown word \"colour\"; known: kind, date, rows, sources, "
		"source, feature, threshold, rate, tail, data, end");
	check_conf(CONF("svm", FEATURES "feature 0 0 zero\n"),
		"m/model.conf:9: expected \"feature MEAN SCALE NAME\", a scale above 0, a name of "
		"1 to 127 printable bytes");
	check_conf(CONF("svm", FEATURES "feature 0 1 length\n"),
		"m/model.conf:9: feature \"length\" is there already");
	check_conf(CONF("svm", "threshold none\nrate 0.1 bound 1 rows 0 above 0\n"),
		"m/model.conf:8: the file ends without \"feature\"; is it whole?");
	check_conf(CONF("svm", "threshold nan\n"),
		"m/model.conf:5: expected \"threshold none\", or given, rank, tail or largest and "
		"a number");
	check_conf(CONF("svm", "rate 0.1 bound\n"),
		"m/model.conf:5: expected \"rate NUMBER bound NUMBER rows COUNT above COUNT\", and "
		"\"limited\" if it was");
	check_conf(CONF("svm", "source 3\n"), "m/model.conf:5: expected \"source ROWS NAME\", a "
					      "name of 1 to 127 printable bytes");
	check_conf(CONF("svm", "tail 3\n"),
		"m/model.conf:5: expected \"tail COUNT shape NUMBER scale NUMBER\"");
}

TEST(model_files, a_changed_conf_tells_the_sum_that_would_be_right)
{
	int status;

	CHECK(parse("svm", CONF("svm", "end 00000000\nfeature 0 1 a\n"), svm, true, &status) ==
		NULL);
	CHECK_EQ_INT(status, -EBADMSG);
	CHECK_EQ_STR(error.text,
		"m/model.conf:5: the lines above have changed: their CRC-32 is 31805caa, not "
		"00000000; if that was meant, write \"end 31805caa\"");
	CHECK(parse("svm", CONF("svm", "end 31805caa\nfeature 0 1 a\n"), svm, true, &status) ==
		NULL);
	CHECK_EQ_STR(error.text, "m/model.conf:6: nothing may follow \"end\"");
}

TEST(model_files, damage_is_told_before_content)
{
	char conf[512], cut[sizeof(svm)];
	int status;
	struct adit_model *model;

	snprintf(conf, sizeof(conf), HEAD FEATURES "data svm.txt %zu %08x\n", "svm", strlen(svm),
		adit_conf_crc(svm, strlen(svm)));
	size_t length = strlen(conf);
	snprintf(conf + length, sizeof(conf) - length, "end %08x\n", adit_conf_crc(conf, length));
	memcpy(cut, svm, sizeof(svm));
	cut[40] ^= 1;
	status = adit_model_parse("m", conf, strlen(conf), cut, strlen(svm), &model, &error);
	CHECK_EQ_INT(status, -EBADMSG);
	CHECK_CONTAINS(error.text, "m/svm.txt has the CRC-32 ");
	CHECK_CONTAINS(error.text, "the file is damaged or of another model");
	status = adit_model_parse("m", conf, strlen(conf), svm, strlen(svm) - 1, &model, &error);
	CHECK_EQ_INT(status, -EBADMSG);
	CHECK_CONTAINS(error.text, "the file is cut or of another model");
	/* Every shorter model.conf is refused, and none is read beyond its end. */
	for (size_t size = 0; size < strlen(conf) - 1; size++) {
		status = adit_model_parse(
			"m", harness_exact(conf, size), size, svm, strlen(svm), &model, &error);
		CHECK(status != 0 && model == NULL);
	}
	conf[30] ^= 1;
	status = adit_model_parse("m", conf, strlen(conf), svm, strlen(svm), &model, &error);
	CHECK(status != 0);
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
