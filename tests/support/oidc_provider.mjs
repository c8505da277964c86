// A real OpenID provider for tests: the package at the path in the first argument, with the address, the client and the
// keys that come as JSON on standard input. Whoever signs in types their name and anything; what is known of them is read
// from a file each time.
import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const { default: Provider } = await import(pathToFileURL(process.argv[2]));
const { issuer, client, keys, people, groupsInToken } = JSON.parse(readFileSync(0, "utf8"));
const provider = new Provider(issuer, {
  clients: [client],
  jwks: { keys },
  pkce: { required: () => true },
  conformIdTokenClaims: !groupsInToken,
  claims: { openid: ["sub", "groups"], email: ["email", "email_verified"], profile: ["name", "preferred_username"] },
  ttl: { Session: 3600, Interaction: 600, Grant: 3600, AccessToken: 600, IdToken: 600 },
  cookies: { keys: ["a key for tests"] },
  async findAccount(_context, id) {
    const known = JSON.parse(readFileSync(people, "utf8"))[id];
    return known && { accountId: id, claims: async () => ({ sub: id, ...known }) };
  },
});
const server = provider.listen(Number(new URL(issuer).port), "127.0.0.1", () => process.stdout.write("ready\n"));
process.on("SIGTERM", () => process.exit(server.closeAllConnections()));
