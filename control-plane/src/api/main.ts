import { writeFileSync } from 'node:fs';
import { pino } from 'pino';
import { createApp } from './app.ts';
import { ConfigError, readConfig } from './config.ts';
import { describeRequest } from './http/log-request.ts';
import { createServices } from './services.ts';

/** Time that requests in flight get on a stop, in milliseconds; sandboxes and terminals outlive this process. */
const STOP_MS = 8_000;

async function main(): Promise<void> {
  // A core dump of this process would hold tokens and credentials: none of its memory goes into one (core(5)).
  writeFileSync('/proc/self/coredump_filter', '0');
  const config = readConfig(process.env);
  const log = pino({
    name: 'api',
    level: config.logLevel,
    serializers: { req: describeRequest },
    redact: {
      paths: ['req.headers.cookie', 'req.headers.authorization', 'password', '*.password'],
      censor: '[redacted]',
    },
  });
  const services = await createServices(config, log);
  const app = await createApp(services);
  await services.start();
  await app.listen(config.listen);
  log.info({ listen: config.listen, publicUrl: config.publicUrl }, 'listening');

  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ signal }, 'stopping');
    setTimeout(() => process.exit(1), STOP_MS).unref();
    void app
      .close()
      .then(() => services.close())
      .then(() => process.exit(0))
      .catch((error: unknown) => {
        log.error({ err: error }, 'did not stop cleanly');
        process.exit(1);
      });
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

main().catch((error: unknown) => {
  console.error(error instanceof ConfigError ? `The configuration is not valid:\n${error.message}` : error);
  process.exit(1);
});
