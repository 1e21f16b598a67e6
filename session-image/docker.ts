import { execFile } from 'node:child_process';

const MAX_OUTPUT = 16 * 1_048_576;

/**
 * Runs a program without a shell.
 * @returns its standard output
 * @throws Error with what it wrote when it fails
 */
export function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, [...args], { maxBuffer: MAX_OUTPUT, env }, (error, stdout, stderr) => {
      if (!error) return resolve(stdout);
      reject(new Error(`${program} ${args[0] ?? ''} failed: ${stderr.trim() || stdout.trim() || error.message}`));
    });
  });
}

/** @returns the id of the image called `name` when its content label says `hash`, else null. */
export async function imageWithHash(name: string, hash: string): Promise<string | null> {
  try {
    const found = await run('docker', [
      'image',
      'inspect',
      '--format',
      '{{.Id}} {{index .Config.Labels "netpilot.content"}}',
      name,
    ]);
    const [id, content] = found.trim().split(' ');
    return content === hash && id ? id : null;
  } catch {
    return null;
  }
}

/** @returns the id of an image that exists. @throws Error when it does not */
export async function imageId(name: string): Promise<string> {
  return (await run('docker', ['image', 'inspect', '--format', '{{.Id}}', name])).trim();
}
