/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Office: the MAC of an IPv6 neighbour. One question to the kernel over rtnetlink(7), one answer;
 * nothing is sent to the network.
 */
#include <stdbool.h>
#include <arpa/inet.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <internal/cleanup.h>
#include <glib.h>
#include "office-neighbour.h"

#define ANSWER_MAX 8192
#define MAC_BYTES  6
/* What the kernel holds for true: not one that it still looks for, nor a device that has none. */
#define NUD_KNOWN (NUD_PERMANENT | NUD_REACHABLE | NUD_STALE | NUD_DELAY | NUD_PROBE)

struct question {
	struct nlmsghdr header;
	struct ndmsg neighbour;
	struct rtattr attribute;
	struct in6_addr address;
};

/* The MAC in an answer of `length` bytes. */
static char *read_answer(const struct nlmsghdr *header, gsize length,
			 const struct question *question)
{
	const struct ndmsg *neighbour = NLMSG_DATA(header);
	const struct rtattr *attribute;
	const guint8 *mac = NULL;
	bool same = false;
	int left;

	if (!NLMSG_OK(header, length) || header->nlmsg_type != RTM_NEWNEIGH ||
	    header->nlmsg_len < NLMSG_LENGTH(sizeof(*neighbour)) ||
	    neighbour->ndm_ifindex != question->neighbour.ndm_ifindex ||
	    !(neighbour->ndm_state & NUD_KNOWN))
		return NULL;
	left = (int)(header->nlmsg_len - NLMSG_LENGTH(sizeof(*neighbour)));
	for (attribute = (const void *)((const char *)neighbour + NLMSG_ALIGN(sizeof(*neighbour)));
	     RTA_OK(attribute, left); attribute = RTA_NEXT(attribute, left)) {
		if (attribute->rta_type == NDA_LLADDR && RTA_PAYLOAD(attribute) == MAC_BYTES)
			mac = RTA_DATA(attribute);
		if (attribute->rta_type == NDA_DST &&
		    RTA_PAYLOAD(attribute) == sizeof(question->address))
			same = memcmp(RTA_DATA(attribute), &question->address,
				      sizeof(question->address)) == 0;
	}
	return mac && same ? g_strdup_printf("%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1],
					     mac[2], mac[3], mac[4], mac[5])
			   : NULL;
}

char *office_ask_neighbour(const char *address, const char *device)
{
	struct question question = {
		.header = { .nlmsg_len = sizeof(question),
			    .nlmsg_type = RTM_GETNEIGH,
			    .nlmsg_flags = NLM_F_REQUEST },
		.neighbour = { .ndm_family = AF_INET6, .ndm_ifindex = (int)if_nametoindex(device) },
		.attribute = { .rta_len = RTA_LENGTH(sizeof(question.address)),
			       .rta_type = NDA_DST },
	};
	const struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct sockaddr_nl from = { 0 };
	socklen_t from_length = sizeof(from);
	AUTO_CLOSE int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	g_autofree char *answer = g_malloc(ANSWER_MAX);
	ssize_t got;

	if (fd < 0 || question.neighbour.ndm_ifindex == 0 ||
	    inet_pton(AF_INET6, address, &question.address) != 1 ||
	    sendto(fd, &question, sizeof(question), 0, (const struct sockaddr *)&kernel,
		   sizeof(kernel)) != sizeof(question))
		return NULL;
	/* The kernel has answered when it took the question. */
	got = recvfrom(fd, answer, ANSWER_MAX, MSG_DONTWAIT, (struct sockaddr *)&from,
		       &from_length);
	return got > 0 && from.nl_pid == 0
		       ? read_answer((const void *)answer, (gsize)got, &question)
		       : NULL;
}
