import { bundlePrograms } from './bundle.ts';
import { stopCommands } from './command.ts';
import { sentenceOf } from './obstacle.ts';
import { claim, preparePlaces, stateDirectory } from './places.ts';
import { Progress } from './progress.ts';
import { requireLinux } from './requirements.ts';
import { readSettings } from './settings.ts';
import { STACK_STEPS, startStack } from './stack.ts';
import { Teardown } from './teardown.ts';
import { buildWeb } from './web-build.ts';

/** Builds what `start` would build and starts nothing. */
async function build(): Promise<void> {
  const progress = new Progress(2);
  await progress.step('Web application', buildWeb);
  await progress.step('Gateway and api', bundlePrograms);
}

/** Starts everything, waits for the end and stops everything. @returns true when it ended because somebody asked. */
async function run(dev: boolean): Promise<boolean> {
  requireLinux();
  const settings = readSettings(process.env, dev);
  const places = await preparePlaces(stateDirectory());
  const release = await claim(places.state, settings.publicUrl);
  const teardown = new Teardown();
  const ending = new AbortController();
  const progress = new Progress(STACK_STEPS);

  let started = Promise.resolve();
  const problem = await new Promise<unknown>((end) => {
    // The terminal, npm and the bootstrap may each pass the same Ctrl-C on.
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => end(null));
    started = startStack({ places, settings, progress, teardown, onLost: end, signal: ending.signal }).then(
      () => {
        if (!ending.signal.aborted) welcome(progress, settings.publicUrl);
      },
      (error: unknown) => end(error),
    );
  });

  ending.abort();
  stopCommands();
  if (problem !== null) process.stderr.write(`${sentenceOf(problem)}\n`);
  progress.say('Stopping');
  // Nothing is stopped under the feet of a step: it was told to end and is waited for.
  await started;
  await teardown.close((line) => process.stderr.write(`${line}\n`));
  await release();
  progress.say('Stopped');
  return problem === null;
}

function welcome(progress: Progress, publicUrl: string): void {
  progress.say('');
  progress.say(`NetPilot Bastion is ready: ${publicUrl}`);
  progress.say('Sign in as Alice, Bob or Admin; no password is asked. Ctrl-C stops everything.');
}

try {
  const verb = process.argv[2];
  if (verb === 'build') await build();
  else process.exitCode = (await run(verb === 'dev')) ? 0 : 1;
} catch (error) {
  process.stderr.write(`${sentenceOf(error)}\n`);
  process.exitCode = 1;
}
process.exit();
