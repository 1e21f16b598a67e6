import { startEmbeddedPostgres } from '../embedded.ts';

/** Runs a server until it is killed; says where it is in one line of JSON, so that a test can look at what is left afterwards. */
const directory = process.argv[2];
if (directory === undefined) throw new Error('the directory is missing');
const server = await startEmbeddedPostgres({ directory, durable: false });
process.stdout.write(`${JSON.stringify({ ownerUrl: server.ownerUrl })}\n`);
setInterval(() => undefined, 60_000);
