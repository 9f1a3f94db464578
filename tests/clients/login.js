// SPDX-License-Identifier: LGPL-2.1-or-later
// A Node program that stays, for renewal-programs.sh: login.js CA-FILE IDENTITY.js. It has the identity as clients.md says
// (IDENTITY.js is its block), and logs in once for each line of its input: "PORT", or "PORT anew" where it is to make a
// context anew before that, or "PORT bare" with options in the place of a context. How each login ended is a line.
const fs = require('fs');
const readline = require('readline');
const tls = require('tls');
const { identity } = require(fs.realpathSync(process.argv[3]));

const ca = fs.readFileSync(process.argv[2]);
const options = { ...identity(), ca };
let context = tls.createSecureContext(options);

function login(port, own) {
	return new Promise((resolve) => {
		let page = '';
		const server = tls.connect({ ...own, host: 'localhost', port }, () => server.write('GET / HTTP/1.0\r\n\r\n'));
		server.on('data', (data) => { page += data; });
		server.on('error', (error) => resolve(error.message));
		server.on('close', () => {
			const found = page.match(/CN *= *(laptop-[a-z0-9]+)/);
			resolve(found ? `in as ${found[1]}` : 'not in');
		});
	});
}

async function answer(port, how) {
	try {
		if (how === 'anew')
			context = tls.createSecureContext({ ...identity(), ca });
		return await login(port, how === 'bare' ? options : { secureContext: context });
	} catch (error) {
		return error.message;
	}
}

(async () => {
	for await (const line of readline.createInterface({ input: process.stdin }))
		console.log((await answer(...line.split(' '))).trim().replace(/\n/g, ' '));
})();
