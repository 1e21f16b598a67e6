import { request } from 'node:http';
import { command, type CommandOptions, type CommandResult } from './command.ts';

/** The engine's socket: NETPILOT_DOCKER_SOCKET or the usual path. */
export function dockerSocket(): string {
  return process.env['NETPILOT_DOCKER_SOCKET'] ?? '/var/run/docker.sock';
}

export type EngineAnswer = 'answers' | 'absent' | 'forbidden';

/** Asks the engine for a sign of life (`GET /_ping`), at most 5 seconds. */
export function pingEngine(socketPath: string = dockerSocket()): Promise<EngineAnswer> {
  return new Promise((resolve) => {
    const asked = request({ socketPath, path: '/_ping', timeout: 5_000 }, (response) => {
      response.resume();
      response.once('close', () => resolve(response.statusCode === 200 ? 'answers' : 'absent'));
    });
    asked.once('timeout', () => asked.destroy());
    asked.once('error', (error: NodeJS.ErrnoException) => resolve(error.code === 'EACCES' ? 'forbidden' : 'absent'));
    asked.end();
  });
}

/** Runs the Docker command line against our socket; see {@link command}. */
export function dockerCommand(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return command('docker', ['-H', `unix://${dockerSocket()}`, ...args], options);
}

/**
 * Like {@link dockerCommand}, for what must succeed.
 * @returns standard output, trimmed.
 * @throws Error with Docker's own words.
 */
export async function docker(args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const result = await dockerCommand(args, options);
  if (result.code === 0) return result.stdout.trim();
  const why = result.timedOut ? 'it did not end in time' : result.stderr.trim().slice(-500);
  throw new Error(`docker ${args[0]} failed: ${why}`);
}

/** Removes every container and network that carries `label` (`key=value`), running or not. */
export async function removeLabelled(label: string): Promise<void> {
  const containers = lines(await docker(['ps', '-aq', '--no-trunc', '--filter', `label=${label}`]));
  // -v takes anonymous volumes along; a container that goes by itself meanwhile is fine.
  if (containers.length > 0) await dockerCommand(['rm', '-fv', ...containers]);
  const networks = lines(await docker(['network', 'ls', '-q', '--no-trunc', '--filter', `label=${label}`]));
  if (networks.length > 0) await dockerCommand(['network', 'rm', ...networks]);
}

/**
 * Removes images of ours that lost their name to a newer build more than a day ago; a gateway that still uses one for new sandboxes
 * has been restarted by then.
 */
export async function pruneImages(): Promise<void> {
  await dockerCommand(['image', 'prune', '-f', '--filter', 'label=netpilot', '--filter', 'until=24h']);
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
