import type { OperationInput, OperationName } from '@netpilot/control-plane/contract/operations/catalogue.ts';
import { eventually } from '../harness/eventually.ts';
import type { OperationAnswer, OperationsNetwork } from './network.ts';

interface Loss<N extends OperationName> {
  readonly name: N;
  readonly input: OperationInput<N>;
  /** Program of the router by which the change comes into force, and the arguments that it has then. */
  readonly program: readonly [path: string, args: string];
  readonly inForce: () => Promise<boolean>;
}

/**
 * Loses the connection at the moment at which a change is in force and not confirmed yet. That lasts as long as it takes to catch it: the program
 * that brings the change into force does not return before.
 * @returns what the one who asked is told.
 */
export async function loseWithin<N extends OperationName>(
  network: OperationsNetwork,
  { name, input, program: [path, args], inForce }: Loss<N>,
): Promise<OperationAnswer<N>> {
  const own = `${path}.own`;
  const slow = `#!/bin/ash
${own} "$@"; c=$?
[ "$*" = "${args}" ] && while [ -e /tmp/hold ]; do /usr/libexec/demo/bin/usleep 20000; done
exit $c
`;
  await network.shell(`mv ${path} ${own} && cat > ${path} && chmod 755 ${path} && touch /tmp/hold`, slow);
  try {
    const answer = network.attempt(name, input);
    await eventually('the change to be in force', inForce);
    await network.cutTunnel();
    return await answer;
  } finally {
    await network.shell(`rm -f /tmp/hold; mv ${own} ${path}`);
  }
}

/** Waits until the router has decided on its own about the change that waited. */
export async function restored(network: OperationsNetwork): Promise<void> {
  await eventually('the former state', async () => (await network.shell('ls /tmp/netpilot')) === 'lock');
}
