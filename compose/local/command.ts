import { spawn } from 'node:child_process';

export interface CommandResult {
  /** Exit code; null when a signal ended it. */
  code: number | null;
  stdout: string;
  stderr: string;
  /** True when the time limit ended it. */
  timedOut: boolean;
}

export interface CommandOptions {
  /** Milliseconds until the command and its children are killed; default 120 000. */
  timeoutMs?: number;
  /** Written to standard input, which is then closed; without it standard input is empty. */
  input?: string | NodeJS.ReadableStream;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** For what leaves the machine half-changed when it is cut short, such as apt-get: {@link stopCommands} lets it finish. */
  uninterruptible?: boolean;
}

/** Bytes kept of each stream: the newest. */
const KEPT = 1_000_000;

/** Process groups of the commands under way that may be cut short. */
const interruptible = new Set<number>();

/** Ends all commands under way, as a Ctrl-C would if they shared our process group. */
export function stopCommands(): void {
  for (const pid of interruptible) signalGroup(pid, 'SIGTERM');
}

/**
 * Runs a program without a shell, in a process group of its own, so that a Ctrl-C at the terminal reaches only the launcher.
 * @returns exit code and output, also when it fails; the code is `null` when it was killed.
 * @throws Error when the program cannot be started (`ENOENT`, `EACCES`).
 */
export function command(
  program: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      detached: true,
    });
    const result: CommandResult = { code: null, stdout: '', stderr: '', timedOut: false };
    const timer = setTimeout(() => {
      result.timedOut = true;
      signalGroup(child.pid, 'SIGKILL');
    }, options.timeoutMs ?? 120_000);
    const { pid } = child;
    if (pid !== undefined && options.uninterruptible !== true) interruptible.add(pid);
    child.once('exit', () => interruptible.delete(pid ?? 0));
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      result.stdout = (result.stdout + text).slice(-KEPT);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      result.stderr = (result.stderr + text).slice(-KEPT);
    });
    if (child.stdin) {
      // A program that ends before it has read everything is judged by its exit code, not by the broken pipe.
      child.stdin.on('error', () => {});
      if (typeof options.input === 'string') child.stdin.end(options.input);
      else options.input?.pipe(child.stdin);
    }
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ ...result, code });
    });
  });
}

function signalGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // It ended by itself in between.
  }
}

/** @returns true when `program` is found on the path and can be executed. */
export async function isInstalled(program: string): Promise<boolean> {
  const result = await command('/bin/sh', ['-c', 'command -v "$1" >/dev/null 2>&1', 'sh', program], {
    timeoutMs: 10_000,
  });
  return result.code === 0;
}
