/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The specification, call by call: programs that speak PKCS#11 v2.40 and nothing else to whatever
 * module, token and PIN their environment names (see ../spec.sh), so that the same program runs
 * over our token and over another implementation. Numbers of sections are those of PKCS#11 Base
 * v2.40.
 *
 * Where the specification leaves a choice, a check names all that it allows. Where an
 * implementation differs from it, differences.c says so, and which paragraph decides.
 */
#ifndef TEST_MODULE_SPEC_H
#define TEST_MODULE_SPEC_H

#include <stdarg.h>
#include <setjmp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <p11-kit/pkcs11.h>

#define ARRAY_LENGTH(array) (sizeof(array) / sizeof((array)[0]))
#define BYTES_OF(x)	    &(x), sizeof(x)
#define NO_HANDLE	    0xdeadbeefUL /* of nothing */

/* A call and what it may answer, once and for all or but for a row of differences.c. */
#define IS(call, ...)			CHECK(NULL, #call, p11->call, __VA_ARGS__)
#define BUT(difference, call, ...)	CHECK(difference, #call, p11->call, __VA_ARGS__)
#define ANSWER(difference, answer, ...) CHECK(difference, #answer, answer, __VA_ARGS__)
/* Any other fact; one that a row may deny has CKR_GENERAL_ERROR there. */
#define FACT(fact) CHECK(NULL, #fact, (fact) ? CKR_OK : CKR_GENERAL_ERROR, CKR_OK)
#define FACT_BUT(difference, fact) \
	CHECK(difference, #fact, (fact) ? CKR_OK : CKR_GENERAL_ERROR, CKR_OK)
#define CHECK(difference, text, answer, ...)                                             \
	spec_check(difference, text, spec_crashes(difference) ? SPEC_CRASHES : (answer), \
		   (const CK_RV[]){ __VA_ARGS__ },                                       \
		   sizeof((const CK_RV[]){ __VA_ARGS__ }) / sizeof(CK_RV), __FILE__, __LINE__)

/* What a row says of a call that ends the program: it is not made. */
#define SPEC_CRASHES 0xffffffffUL

struct difference {
	const char *manufacturer; /* as CK_INFO begins */
	const char *what;
	CK_RV rv;
	const char *why; /* and the section that decides */
};
extern const struct difference differences[];
extern const size_t difference_count;

extern CK_FUNCTION_LIST *p11;

bool spec_crashes(const char *difference);
/* Not assert_int_equal(): cmocka's has 64 bits, but no list, no text of the call, no exceptions. */
void spec_check(const char *difference, const char *call, CK_RV rv, const CK_RV *wanted,
		size_t count, const char *file, int line);

/* For cmocka: the module; each test begins initialised and ends finalised. */
int spec_main(const char *name, const struct CMUnitTest *tests, size_t count);
int spec_begin(void **state);
int spec_end(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, spec_begin, spec_end)
#define SPEC_MAIN(name, ...)                                                     \
	int main(void)                                                           \
	{                                                                        \
		static const struct CMUnitTest tests[] = { __VA_ARGS__ };        \
		return spec_main(name, tests, sizeof(tests) / sizeof(tests[0])); \
	}

/* The environment, or the default. */
const char *spec_setting(const char *name, const char *otherwise);
/* The slot of the token named by it. */
CK_SLOT_ID spec_slot(void);
bool spec_needs_login(void); /* CKF_LOGIN_REQUIRED */
bool spec_has_mechanism(CK_MECHANISM_TYPE type);
/* Whether any mechanism of the token does that (CKF_SIGN and the like). */
bool spec_does(CK_FLAGS flag);
/* C_Login with the PIN of the environment, where the token wants one. */
void spec_login(CK_SESSION_HANDLE session);
/* A session, logged in where the token wants it. */
CK_SESSION_HANDLE spec_session(CK_FLAGS more_flags);
CK_SESSION_HANDLE spec_public_session(CK_FLAGS more_flags);

CK_ULONG spec_count(CK_SESSION_HANDLE session, CK_ATTRIBUTE *template, CK_ULONG count,
		    CK_OBJECT_HANDLE *first);
/* The one object of that class and label; 0 where there is none. */
CK_OBJECT_HANDLE spec_find(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class, const char *label);
/* The keys that lie on the token: RSA of 2048 bits, and P-256. */
CK_OBJECT_HANDLE spec_rsa(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class);
CK_OBJECT_HANDLE spec_ec(CK_SESSION_HANDLE session, CK_OBJECT_CLASS class);
/* A value; fails where it can't be read or doesn't fit. */
size_t spec_read(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type,
		 void *out, size_t room);
CK_ULONG spec_number(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
bool spec_bool(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);
/* An object that says CK_FALSE to that, as it may, or doesn't know it: then CK_TRUE (section
 * 4.4). */
bool spec_allows(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object, CK_ATTRIBUTE_TYPE type);

#endif
