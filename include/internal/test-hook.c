#include <internal/test-hook.h>

int (*test_hook_fault)(const char *step, const char *file);
