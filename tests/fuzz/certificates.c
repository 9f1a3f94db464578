/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Files of certificates in any dress: what comes out can be read again, and nothing of a dress is
 * left. */
#include "fuzz.h"
#include "account/certificate-list.h"
#include "account/pem-block.h"

static void check_undressed(const uint8_t *data, size_t size)
{
	AUTO_SECRET struct secret plain = SECRET_INIT;
	bool undressed = pem_undress(data, size, &plain);

	FUZZ_CHECK(undressed || plain.length == 0);
	FUZZ_CHECK(plain.length <= size);
}

static void check_blocks(const uint8_t *data, size_t size)
{
	const char *at = (const char *)data, *end = at + size;
	struct pem_block block;
	bool cut;

	while (pem_next(&at, end, &block, &cut)) {
		AUTO_SECRET struct secret der = SECRET_INIT;

		FUZZ_CHECK(block.whole >= (const char *)data &&
			   block.whole + block.whole_length <= end && at <= end);
		FUZZ_CHECK(block.text >= block.whole && block.text + block.text_length <= at);
		if (pem_decode(&block, &der))
			FUZZ_CHECK(der.length > 0 && der.length <= block.text_length);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_CERTIFICATE_LIST struct certificate_list list = CERTIFICATE_LIST_INIT;
	g_autoptr(GError) error = NULL;

	if (size == 0)
		return 0;
	check_undressed(data, size);
	check_blocks(data, size);
	FUZZ_CHECK(certificate_list_read(data, size, &list, &error) == !error);
	for (guint i = 0; i < list.ders->len; i++) {
		gsize length;
		const void *der = g_bytes_get_data(list.ders->pdata[i], &length);
		g_autoptr(GError) why = NULL;
		gnutls_x509_crt_t certificate = certificate_parse(der, length, &why);

		FUZZ_CHECK(!certificate == !!why);
		if (certificate)
			gnutls_x509_crt_deinit(certificate);
	}
	return 0;
}
