/** Where cron has root's lines. */
export const CRONTAB = '/etc/crontabs/root';

const LINE = '5 * * * * /etc/netpilot/load clock';

/** The lines with ours among them, once: it has the kernel's times of day set anew within an hour of the beginning or end of summer time. */
export function withClockWatch(crontab: string): string {
  if (crontab.split('\n').includes(LINE)) return crontab;
  return `${crontab === '' || crontab.endsWith('\n') ? crontab : `${crontab}\n`}${LINE}\n`;
}

/** The lines without ours. */
export function withoutClockWatch(crontab: string): string {
  return crontab
    .split('\n')
    .filter((line) => line !== LINE)
    .join('\n');
}
