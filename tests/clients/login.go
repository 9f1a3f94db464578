// SPDX-License-Identifier: LGPL-2.1-or-later
// A Go program that stays, for renewal-programs.sh: login MODULE LABEL CA-FILE. It finds the identity as clients.md says
// (openToken and identity are its block), and then logs in once for each line of its input, "PORT", or "PORT anew" where
// it is to look for the identity anew before that. How each login ended is a line.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
)

var name = regexp.MustCompile(`CN *= *(laptop-[a-z0-9]+)`)

func login(port string, config *tls.Config) string {
	server, err := tls.Dial("tcp", "localhost:"+port, config)
	if err != nil {
		return err.Error()
	}
	defer server.Close()
	fmt.Fprint(server, "GET / HTTP/1.0\r\n\r\n")
	page, err := io.ReadAll(server)
	if found := name.FindSubmatch(page); found != nil {
		return "in as " + string(found[1])
	}
	return fmt.Sprint("not in: ", err)
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func main() {
	roots := x509.NewCertPool()
	pem, err := os.ReadFile(os.Args[3])
	must(err)
	roots.AppendCertsFromPEM(pem)
	token, err := openToken(os.Args[1])
	must(err)
	own, err := identity(token, os.Args[2])
	must(err)

	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) > 1 {
			own, err = identity(token, os.Args[2])
			must(err)
		}
		// Of Certificates Go would take none whose issuer the server doesn't name.
		fmt.Println(login(words[0], &tls.Config{
			RootCAs: roots,
			GetClientCertificate: func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
				return &own, nil
			},
		}))
	}
}
