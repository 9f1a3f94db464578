/* GnuTLS, made ready beside the first request. */
#ifndef AGENT_GATE_READY_H
#define AGENT_GATE_READY_H

/* Whatever needs GnuTLS calls it first. */
void ready_gnutls(void);

#endif
