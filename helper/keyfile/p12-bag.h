/* What a part of a PKCS#12 file holds. */
#ifndef KEYFILE_P12_BAG_H
#define KEYFILE_P12_BAG_H

#include <glib.h>
#include "ber.h"
#include "p12-private.h"

gboolean p12_bag_walk(struct walk *walk, struct ber content, GError **error);

#endif
