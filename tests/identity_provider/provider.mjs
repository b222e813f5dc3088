// A certified OpenID provider (npm's oidc-provider) with the people of a test: `node provider.mjs PORT PEOPLE.json`.
// Every account of the file may sign in with any password; its entry is what the provider knows of it.
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import Provider from 'oidc-provider';

const [port, file] = process.argv.slice(2);
const { client, people } = JSON.parse(readFileSync(file, 'utf8'));
const key = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' });

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [client],
  jwks: { keys: [{ ...key, use: 'sig', alg: 'RS256', kid: 'of-the-test' }] },
  cookies: { keys: ['of-the-test'] },
  pkce: { required: () => true, methods: ['S256'] },
  scopes: ['openid', 'staff'],
  claims: { openid: ['sub'], staff: ['roles', 'municipality', 'unit'] },
  conformIdTokenClaims: false,
  features: { devInteractions: { enabled: true }, rpInitiatedLogout: { enabled: true } },
  findAccount: (_, id) => people[id] && { accountId: id, claims: () => ({ sub: id, ...people[id] }) },
});
provider.on('grant.error', (_, error) => console.log('refused:', error.error_description ?? error.message));
provider.listen(Number(port), '127.0.0.1', () => console.log('listening'));
