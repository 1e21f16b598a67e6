import type { Handler } from '../driver.ts';
import { routerSaid } from '../problem.ts';

/** Reboots two seconds after the answer, so that there is one. */
export const reboot: Handler<'router.reboot'> = async (_input, { router }) => {
  const { exitCode, stderr } = await router.run(
    'command -v reboot >/dev/null || exit 1; ( sleep 2; reboot ) </dev/null >/dev/null 2>&1 &',
  );
  if (exitCode !== 0) throw routerSaid(stderr, exitCode);
  return { outcome: 'confirmed', warnings: ['The router goes down now; it is back within a few minutes.'] };
};
