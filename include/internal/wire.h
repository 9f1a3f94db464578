/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wire between clients (module, command) and the agent: length-prefixed frames on a UNIX
 * stream socket. Client and server are on one machine; all numbers are little-endian.
 *
 * frame:  u32 length of the body, u8 version, u8 type, u16 zero; then the body
 * body:   fields; each u16 tag, u16 zero, u32 length, then the bytes (no padding)
 *
 * A frame is at most WIRE_FRAME_MAX bytes with its header. A frame that is larger, has another
 * version (but for HELLO, see below), a field that overruns, a non-zero reserved value, an unknown
 * type: the connection ends. Unknown tags are skipped. One request is answered by any number of
 * PROGRESS frames and one REPLY; requests are not pipelined.
 *
 * HELLO and REPLY keep their shape for ever: version 0 in the header, so that an agent and a client
 * of different ages can still tell each other what they speak. An agent that hears a PROTOCOL above
 * its own answers, and leaves as soon as no request is under way.
 *
 * data/doc/protocol.md has every request with its fields, who may make it, and how long each waits.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <devid/result.h>
#include <internal/secret.h>

#define WIRE_VERSION   1
#define WIRE_HEADER    8
#define WIRE_FRAME_MAX 65536
#define WIRE_BODY_MAX  (WIRE_FRAME_MAX - WIRE_HEADER)
#define WIRE_SPKI_HASH 32
/* The most that one SIGN frame carries as DATA. */
#define WIRE_DATA_MAX 60000

enum wire_type {
	WIRE_HELLO = 1,
	WIRE_SIGN,
	WIRE_IMPORT,
	WIRE_WRITE,
	WIRE_REMOVE,
	WIRE_RENAME,
	WIRE_STATUS,
	WIRE_FORGET,
	WIRE_REFUSED,  /* another agent refused the use of a key */
	WIRE_GENERATE, /* a key, made in its store */
	WIRE_CERTIFY,  /* a request for a certificate is signed, whatever the account says */
	WIRE_WRAP,     /* a key for a TPM that is elsewhere */
	WIRE_TPM,      /* the machine's TPM is asked about a key of another agent */
	WIRE_REPLY = 64,
	WIRE_PROGRESS, /* the request waits for a person (the keyring's prompt is open) */
};

enum wire_tag {
	TAG_RESULT = 1,
	TAG_MESSAGE,
	TAG_REASON,
	TAG_HINT,
	TAG_BRACKETS,
	TAG_WARNING,
	TAG_PROTOCOL,
	TAG_VERSION,
	TAG_MAY_SIGN,
	TAG_PID,
	TAG_STATUS,
	TAG_SPKI_HASH,
	TAG_SCHEME,
	TAG_DIGEST,
	TAG_PSS_DIGEST,
	TAG_PSS_MGF,
	TAG_PSS_SALT,
	TAG_DATA,
	TAG_MORE,
	TAG_SIGNATURE,
	TAG_PHASE,
	TAG_NAME,
	TAG_LABEL,
	TAG_ID,
	TAG_CERTIFICATE,
	TAG_PKCS8,
	TAG_STORE,
	TAG_FLAGS,
	TAG_CHANGED,
	TAG_OBJECT,
	TAG_KEY_TYPE,
	TAG_RSA_MODULUS,
	TAG_RSA_PUBLIC_EXPONENT,
	TAG_RSA_PRIVATE_EXPONENT,
	TAG_RSA_PRIME_1,
	TAG_RSA_PRIME_2,
	TAG_RSA_EXPONENT_1,
	TAG_RSA_EXPONENT_2,
	TAG_RSA_COEFFICIENT,
	TAG_EC_PARAMS,
	TAG_EC_POINT,
	TAG_EC_VALUE,
	TAG_BUS,  /* the session bus that a client of the user's own agent is on */
	TAG_KEPT, /* of what was removed, what its store is known to keep, and where */
	TAG_TOKEN,
	TAG_KEY_BITS,
	TAG_PUBLIC_LABEL, /* of a public key that is called otherwise than its private key */
	TAG_STORAGE_KEY,  /* of a TPM: its public area */
	TAG_OPERATION,
	TAG_TPM_KEY,
	TAG_AUTH, /* of that */
};

enum wire_scheme {
	SCHEME_RSA_PKCS1 = 1, /* RFC 8017 section 8.2; DIGEST none: DATA is padded as it is */
	SCHEME_RSA_PSS,	      /* section 8.1 */
	SCHEME_ECDSA,	      /* FIPS 186-4 section 6.4 */
};

enum wire_digest {
	DIGEST_NONE = 0,
	DIGEST_SHA1, /* as a PSS parameter's name only where a mechanism row allows it */
	DIGEST_SHA224,
	DIGEST_SHA256,
	DIGEST_SHA384,
	DIGEST_SHA512,
};

enum wire_phase { PHASE_COMMIT = 1, PHASE_KEEP, PHASE_UNDO };
enum wire_object { OBJECT_CERTIFICATE = 1, OBJECT_PRIVATE_KEY, OBJECT_PUBLIC_KEY };
enum wire_key_type { KEY_RSA = 1, KEY_EC };
enum wire_tpm { TPM_STORAGE_KEY = 1, TPM_IMPORT, TPM_CREATE, TPM_LOAD, TPM_SIGN };
#define IMPORT_REPLACE	   1u
#define IMPORT_ACCEPT_SIZE 2u
#define IMPORT_NO_AUTH	   4u
#define IMPORT_CREDENTIAL  8u
#define IMPORTED_REPLACED  1u /* in the reply */
#define REMOVE_LEFT_BEHIND 1u
#define REMOVE_FORMER	   2u
#define STATUS_TPM	   1u
#define STATUS_STORAGE_KEY 2u
#define STATUS_CREDENTIAL  4u

/* A frame under construction or received. The bytes are in secret memory: some carry keys. */
struct wire_frame {
	struct secret bytes;	  /* header and body */
	enum devid_result result; /* the first failure while building; sticky */
};
#define WIRE_FRAME_INIT ((struct wire_frame){ SECRET_INIT, DEVID_OK })
#define AUTO_FRAME	__attribute__((cleanup(wire_frame_clear)))

void wire_frame_clear(struct wire_frame *frame);

/* Building: failures stick in frame->result and are returned by wire_finish(). Begin reuses the
 * memory of an earlier frame.
 */
void wire_begin(struct wire_frame *frame, enum wire_type type);
void wire_put(struct wire_frame *frame, enum wire_tag tag, const void *data, size_t length);
void wire_put_u32(struct wire_frame *frame, enum wire_tag tag, uint32_t value);
void wire_put_text(struct wire_frame *frame, enum wire_tag tag,
		   const char *text); /* NULL: nothing */
enum devid_result wire_finish(struct wire_frame *frame) DEVID_MUST_USE;

/* Reading. wire_parse_header() judges the 8 bytes: body length and type, or DEVID_BAD_DATA.
 * wire_validate() walks all fields of a whole frame once; after it the getters can't overrun.
 */
enum devid_result wire_parse_header(const uint8_t header[WIRE_HEADER], enum wire_type *type,
				    size_t *body_length) DEVID_MUST_USE;
enum devid_result wire_validate(const struct wire_frame *frame) DEVID_MUST_USE;
enum wire_type wire_type(const struct wire_frame *frame);

struct wire_field {
	enum wire_tag tag;
	const uint8_t *data;
	size_t length;
	size_t next; /* for wire_next() */
};
/* The first field with that tag; false: there is none. */
bool wire_get(const struct wire_frame *frame, enum wire_tag tag, struct wire_field *field);
/* The next with the same tag after `field`. */
bool wire_next(const struct wire_frame *frame, struct wire_field *field);
/* False where absent or not 4 bytes long. */
bool wire_get_u32(const struct wire_frame *frame, enum wire_tag tag, uint32_t *value);
/* A copy with a NUL, malloc()ed; NULL where absent or with a NUL inside. */
char *wire_get_text(const struct wire_frame *frame, enum wire_tag tag);

/* Sending and receiving; the socket may be blocking or not. `timeout_ms` bounds the call, that is
 * one whole frame (so nobody is held up by a byte now and then); negative: no bound. `spin_us` > 0:
 * look for that long before sleeping (never on one CPU; 60 at most). A received frame has been
 * validated; PROGRESS that another frame follows already is passed over, anything else that another
 * one follows is DEVID_BAD_DATA. DEVID_TIMEOUT, DEVID_AGENT_GONE (end of file, also inside a
 * frame), DEVID_BAD_DATA, DEVID_NO_MEMORY. No SIGPIPE. After any failure the stream is of no more
 * use.
 */
enum devid_result socket_send(int fd, const struct wire_frame *frame,
			      int timeout_ms) DEVID_MUST_USE;
enum devid_result socket_receive(int fd, struct wire_frame *frame, int timeout_ms,
				 unsigned spin_us) DEVID_MUST_USE;
/* The agent's side of it: takes a request, with the same bound. What only an agent sends is
 * DEVID_BAD_DATA at once, so that nobody keeps a thread busy with PROGRESS that it passes over.
 */
enum devid_result socket_receive_request(int fd, struct wire_frame *frame,
					 int timeout_ms) DEVID_MUST_USE;
