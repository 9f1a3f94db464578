/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Time from the start of a command until an address answers: what a person waits for a tunnel.
 *
 *	first-packet ADDRESS COMMAND...		prints microseconds; the command may go on
 *
 * Sends ICMP echo requests, every 2 ms, until the first answer; needs root. The command's output
 *goes to stderr.
 */
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define EVERY_MS 2
#define BOUND_US 30e6

static double now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static pid_t start(char *const *command)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	dup2(STDERR_FILENO, STDOUT_FILENO);
	execvp(command[0], command);
	perror(command[0]);
	_exit(127);
}

static unsigned short checksum(const struct icmphdr *header)
{
	const unsigned short *word = (const void *)header;
	unsigned sum = 0;

	for (size_t i = 0; i < sizeof(*header) / 2; i++)
		sum += word[i];
	sum = (sum & 0xffff) + (sum >> 16);
	return (unsigned short)~(sum + (sum >> 16));
}

/* Before the tunnel there is no way to the address: that fails. */
static void ask(int socket, const struct sockaddr_in *address)
{
	struct icmphdr echo = { .type = ICMP_ECHO };

	echo.un.echo.id = htons((unsigned short)getpid());
	echo.checksum = checksum(&echo);
	(void)sendto(socket, &echo, sizeof(echo), 0, (const void *)address, sizeof(*address));
}

static bool is_answer(int socket)
{
	union {
		struct iphdr ip;
		unsigned char bytes[256];
	} packet;
	ssize_t size = recv(socket, &packet, sizeof(packet), MSG_DONTWAIT);
	size_t at = packet.ip.ihl * 4U;
	struct icmphdr icmp;

	if (size < (ssize_t)sizeof(packet.ip) || (size_t)size < at + sizeof(icmp))
		return false;
	memcpy(&icmp, packet.bytes + at, sizeof(icmp));
	return icmp.type == ICMP_ECHOREPLY && icmp.un.echo.id == htons((unsigned short)getpid());
}

static bool await(int socket, const struct sockaddr_in *address, double until)
{
	struct pollfd readable = { .fd = socket, .events = POLLIN };

	while (now_us() < until) {
		ask(socket, address);
		if (poll(&readable, 1, EVERY_MS) > 0 && is_answer(socket))
			return true;
	}
	return false;
}

int main(int argc, char **argv)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	int raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP);
	double since;

	if (argc < 3 || inet_pton(AF_INET, argv[1], &address.sin_addr) != 1) {
		fprintf(stderr, "usage: first-packet ADDRESS COMMAND...\n");
		return 2;
	}
	if (raw < 0) {
		perror("first-packet");
		return 1;
	}
	since = now_us();
	if (start(argv + 2) < 0 || !await(raw, &address, since + BOUND_US)) {
		fprintf(stderr, "first-packet: %s: no answer\n", argv[1]);
		return 1;
	}
	printf("%.0f\n", now_us() - since);
	return 0;
}
