/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rows of the table of stores. */
#pragma once
