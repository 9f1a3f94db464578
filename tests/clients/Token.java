// What a Java program does with a token, for java.sh: Token CONFIG login PORT ALIAS | again PORT ALIAS | sign ALGORITHM ALIAS FILE.
import java.io.*;
import java.net.Socket;
import java.nio.file.*;
import java.util.regex.*;
import java.security.*;
import java.security.cert.X509Certificate;
import javax.net.ssl.*;

public class Token {
	static Provider token;
	static KeyStore keys;

	public static void main(String[] words) throws Exception {
		token = Security.getProvider("SunPKCS11").configure(words[0]);
		Security.addProvider(token);
		keys = KeyStore.getInstance("PKCS11", token);
		keys.load(null, null);
		if (words[1].equals("login"))
			login(Integer.parseInt(words[2]), words[3]);
		else if (words[1].equals("again"))
			again(Integer.parseInt(words[2]), words[3]);
		else
			sign(words[2], words[3], Path.of(words[4]));
	}

	static void login(int port, String alias) throws Exception {
		login(context(managers(), alias), port, System.out);
	}

	static void login(SSLContext context, int port, OutputStream out) throws Exception {
		try (Socket socket = context.getSocketFactory().createSocket("localhost", port)) {
			socket.getOutputStream().write("GET / HTTP/1.0\r\n\r\n".getBytes());
			socket.getInputStream().transferTo(out);
		}
	}

	static X509KeyManager managers() throws Exception {
		KeyManagerFactory factory = KeyManagerFactory.getInstance("SunX509");
		factory.init(keys, null);
		return (X509KeyManager)factory.getKeyManagers()[0];
	}

	// With no session of before to take up.
	static SSLContext context(X509KeyManager managers, String alias) throws Exception {
		SSLContext context = SSLContext.getInstance("TLS");
		context.init(new KeyManager[] { new One(managers, alias) }, null, null);
		return context;
	}

	// A login a line of the input, with what was found at first; how each ended.
	static void again(int port, String alias) throws Exception {
		X509KeyManager managers = managers();
		BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
		while (lines.readLine() != null) {
			try {
				ByteArrayOutputStream page = new ByteArrayOutputStream();
				login(context(managers, alias), port, page);
				Matcher name = Pattern.compile("CN *= *(laptop-[a-z0-9]+)").matcher(page.toString());
				System.out.println(name.find() ? "in as " + name.group(1) : "in");
			} catch (Exception e) {
				Throwable cause = e;
				while (cause.getCause() != null)
					cause = cause.getCause();
				System.out.println(cause.getMessage());
			}
			System.out.flush();
		}
	}

	static void sign(String algorithm, String alias, Path file) throws Exception {
		Signature signature = Signature.getInstance(algorithm, token);
		signature.initSign((PrivateKey)keys.getKey(alias, null));
		signature.update(Files.readAllBytes(file));
		Files.write(Path.of(file + ".sig"), signature.sign());
	}

	// Java's own key manager takes whatever fits first; a person means one.
	static class One extends X509ExtendedKeyManager {
		final X509KeyManager all;
		final String alias;

		One(X509KeyManager all, String alias) {
			this.all = all;
			this.alias = alias;
		}

		public String chooseClientAlias(String[] types, Principal[] issuers, Socket socket) {
			for (String type : types)
				if (all.getPrivateKey(alias).getAlgorithm().equals(type))
					return alias;
			return null;
		}

		public String[] getClientAliases(String type, Principal[] issuers) {
			return all.getClientAliases(type, issuers);
		}

		public String chooseServerAlias(String type, Principal[] issuers, Socket socket) {
			return null;
		}

		public String[] getServerAliases(String type, Principal[] issuers) {
			return null;
		}

		public X509Certificate[] getCertificateChain(String alias) {
			return all.getCertificateChain(alias);
		}

		public PrivateKey getPrivateKey(String alias) {
			return all.getPrivateKey(alias);
		}
	}
}
