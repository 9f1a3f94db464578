#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# Answers of a TPM that are spoilt, in great number (tpm-answers.c). The long form: ANSWERS=1000000, in a build with
# sanitizers.
. "$(dirname "$0")/../lib/common.sh"
. "$TESTS/lib/tpm.sh"
ANSWERS=${ANSWERS:-10000} SEED=${SEED:-1}

tpm_start first
RUN_BOUND=${BOUND:-200} run "${E[@]}" TSS2_LOG=all+NONE "$1" "$ANSWERS" "$SEED"
is "$rc" 0 "$ANSWERS answers, of which one in eight is spoilt" || diag "$err"
diag "$out answers, seed $SEED"
is "$("${TPM[@]}" tpm2_getcap handles-transient)" "" "and nothing of it is left in the TPM"
done_testing
