/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Pseudonyms: keyed BLAKE2b (RFC 7693), 64 bits of it. Two of a million subscribers share one with
 * a probability of 3e-8.
 */
#include "adit_privacy.h"
#include "adit_secret.h"
#include "verdict_priv.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>

#define KEY_LEAST    16 /* bytes */
#define KEY_MOST     crypto_generichash_KEYBYTES_MAX
#define DIGEST_BYTES crypto_generichash_BYTES_MIN

struct adit_privacy {
	enum adit_privacy_mode mode;
	size_t key_size;
	uint8_t key[KEY_MOST];
};

static int key_take(struct adit_privacy *privacy, const char *path, struct adit_error *error)
{
	uint8_t bytes[KEY_MOST + 2]; /* a newline, and one byte that shows that it is too long */
	int size = adit_secret_read(path, "key", bytes, sizeof(bytes), error), status = 0;

	if (size < 0)
		return size;
	if (size < KEY_LEAST || size > (int)KEY_MOST) {
		status = adit_error_set(error, -EINVAL,
			"%s: a key has %d to %u bytes, and this one %s; \"openssl rand -hex 32\" "
			"makes one",
			path, KEY_LEAST, (unsigned)KEY_MOST,
			size < KEY_LEAST ? "has fewer" : "has more");
	} else {
		privacy->key_size = (size_t)size;
		memcpy(privacy->key, bytes, (size_t)size);
	}
	sodium_memzero(bytes, sizeof(bytes));
	return status;
}

int adit_privacy_open(const char *key_file, enum adit_privacy_mode mode,
	struct adit_privacy **privacy, struct adit_error *error)
{
	struct adit_privacy *made;
	int status;

	*privacy = NULL;
	if (sodium_init() < 0)
		return adit_error_set(error, -EIO, "libsodium cannot start");
	made = calloc(1, sizeof(*made));
	status = made != NULL ? key_take(made, key_file, error)
			      : adit_error_set(error, -ENOMEM, "%s: not enough memory", key_file);
	if (status != 0) {
		adit_privacy_close(made);
		return status;
	}
	made->mode = mode;
	*privacy = made;
	return 0;
}

void adit_privacy_close(struct adit_privacy *privacy)
{
	if (privacy == NULL)
		return;
	sodium_memzero(privacy, sizeof(*privacy));
	free(privacy);
}

/* `kind` is 4, 6 or 0: it keeps addresses of different families and texts apart. */
static void pseudonym_text(const struct adit_privacy *privacy, uint8_t kind, const void *bytes,
	size_t size, char *text)
{
	static const char prefixes[][4] = {[0] = "id-", [4] = "p4-", [6] = "p6-"};
	uint8_t message[1 + ADIT_IDENTITY_TEXT], digest[DIGEST_BYTES];

	message[0] = kind;
	memcpy(message + 1, bytes, size);
	crypto_generichash(
		digest, sizeof(digest), message, size + 1, privacy->key, privacy->key_size);
	memcpy(text, prefixes[kind], 3);
	sodium_bin2hex(text + 3, 17, digest, 8);
}

void adit_privacy_subscriber_text(
	const struct adit_privacy *privacy, const struct adit_address *address, char text[48])
{
	if (privacy != NULL)
		pseudonym_text(privacy, address->is_v6 ? 6 : 4, address->bytes,
			address->is_v6 ? 16 : 4, text);
	else
		adit_address_text(address, text);
}

void adit_privacy_peer_text(
	const struct adit_privacy *privacy, const struct adit_address *address, char text[48])
{
	bool hidden = privacy != NULL && privacy->mode == ADIT_PRIVACY_ALL;

	adit_privacy_subscriber_text(hidden ? privacy : NULL, address, text);
}

void adit_privacy_identity_text(
	const struct adit_privacy *privacy, const char *identity, char text[ADIT_IDENTITY_TEXT])
{
	size_t size = strnlen(identity, ADIT_IDENTITY_TEXT - 1);

	if (privacy != NULL && size > 0) {
		pseudonym_text(privacy, 0, identity, size, text);
		return;
	}
	memcpy(text, identity, size);
	text[size] = '\0';
}
