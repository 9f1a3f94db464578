/* The rules that a whole path is judged by. */
#ifndef ACCOUNT_CHECK_RULES_H
#define ACCOUNT_CHECK_RULES_H

#include <time.h>
#include "account-private.h"
#include "check-path.h"

/* The first rule that the path breaks: its reason word, *message where there is more to say than
 * the word's row does, and in *rank how far it came; NULL: it keeps them all.
 */
const char *check_rules(const struct devid_account *account, const struct check_path *path,
			time_t at, char **message, unsigned *rank);

/* check-names.c: whether the name constraints of the path's CAs allow the names below them (RFC
 * 5280 section 4.2.1.10).
 */
gboolean check_names(const struct check_path *path);

#endif
