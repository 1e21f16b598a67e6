import { Group, Stack, Text } from '@mantine/core';
import { Section } from '../../shell/page.tsx';
import { BackupSection } from './backup-section.tsx';
import { CommandSection } from './command-section.tsx';
import { EarlierDataSection } from './earlier-data-section.tsx';
import { useNetwork } from './network-context.tsx';
import { PackagesSection } from './packages-section.tsx';
import { RebootButton } from './reboot-button.tsx';
import { ResetSection } from './reset-section.tsx';

/** The router itself: restart, backup, packages, single commands, reset. */
export function SystemSection() {
  const { mayOperate, mayConfigure } = useNetwork();
  if (!mayOperate) {
    return (
      <Section title="System">
        <Text c="dimmed">
          Members with the role operator can run commands; administrators and the router’s owner configure it.
        </Text>
      </Section>
    );
  }
  return (
    <Stack>
      {mayConfigure && (
        <Section title="Restart" actions={<RebootButton />}>
          <Group>
            <Text size="sm" c="dimmed">
              Helps when the Internet is slow or a device does not join. It takes one to three minutes.
            </Text>
          </Group>
        </Section>
      )}
      {mayConfigure && <BackupSection />}
      {mayConfigure && <PackagesSection />}
      <CommandSection />
      {mayConfigure && <EarlierDataSection />}
      {mayConfigure && <ResetSection />}
    </Stack>
  );
}
