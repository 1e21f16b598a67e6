import type { Session } from '@netpilot/control-plane/contract/sessions.ts';
import { ActionIcon, Group, Menu, Tooltip } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import {
  IconCheck,
  IconClipboard,
  IconCopy,
  IconDotsVertical,
  IconFolder,
  IconMaximize,
  IconPalette,
  IconPlayerStop,
  IconPlus,
  IconSearch,
  IconTerminal2,
  IconTextDecrease,
  IconTextIncrease,
  IconX,
} from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { useTerminalSettings } from '../terminal/settings.ts';
import { THEME_LABELS, THEME_NAMES } from '../terminal/themes.ts';
import { EndSessionButton, EndSessionQuestion } from './end-session-button.tsx';

interface SessionToolsProps {
  session: Session;
  phone: boolean;
  selected: boolean;
  terminalOpen: boolean;
  filesShown: boolean;
  onShow: (what: 'terminals' | 'files') => void;
  onFind: () => void;
  copyText: () => string;
  onPaste: () => void;
  onNewTerminal: () => void;
  onCloseTerminal: () => void;
}

interface Tool {
  label: string;
  icon: ReactNode;
  run: () => void;
  hidden?: boolean;
}

/** What can be done with the shown terminal and its session: a row of buttons, on a phone a menu. */
export function SessionTools(props: SessionToolsProps) {
  const { session, phone, selected, terminalOpen } = props;
  const [settings, change] = useTerminalSettings();
  const clipboard = useClipboard({ timeout: 1_500 });
  const tools: Tool[] = [
    { label: 'Find', icon: <IconSearch size={19} aria-hidden />, run: props.onFind, hidden: !terminalOpen },
    {
      label: clipboard.copied ? 'Copied' : selected ? 'Copy selection' : 'Copy screen',
      icon: clipboard.copied ? <IconCheck size={19} aria-hidden /> : <IconCopy size={19} aria-hidden />,
      run: () => clipboard.copy(props.copyText()),
      hidden: !terminalOpen,
    },
    { label: 'Paste', icon: <IconClipboard size={19} aria-hidden />, run: props.onPaste, hidden: !terminalOpen },
    {
      label: 'Smaller text',
      icon: <IconTextDecrease size={19} aria-hidden />,
      run: () => change({ fontSize: Math.max(8, settings.fontSize - 1) }),
    },
    {
      label: 'Larger text',
      icon: <IconTextIncrease size={19} aria-hidden />,
      run: () => change({ fontSize: Math.min(28, settings.fontSize + 1) }),
    },
    {
      label: 'Full screen',
      icon: <IconMaximize size={19} aria-hidden />,
      run: () => void toggleFullScreen(),
      hidden: !document.fullscreenEnabled,
    },
  ];
  const shown = tools.filter(({ hidden }) => hidden !== true);
  if (phone) return <PhoneMenu {...props} tools={shown} />;
  return (
    <Group gap={2} wrap="nowrap">
      {shown.map(({ label, icon, run }) => (
        <Tooltip key={label} label={label}>
          <ActionIcon variant="subtle" c="var(--mantine-color-text)" size={40} aria-label={label} onClick={run}>
            {icon}
          </ActionIcon>
        </Tooltip>
      ))}
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon variant="subtle" c="var(--mantine-color-text)" size={40} aria-label="Terminal theme">
            <IconPalette size={19} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Themes />
        </Menu.Dropdown>
      </Menu>
      {session.state !== 'ended' && <EndSessionButton session={session} ml="xs" mih={40} h={40} />}
    </Group>
  );
}

function Themes() {
  const [settings, change] = useTerminalSettings();
  return THEME_NAMES.map((theme) => (
    <Menu.Item key={theme} fw={theme === settings.theme ? 650 : 400} onClick={() => change({ theme })}>
      {THEME_LABELS[theme]}
    </Menu.Item>
  ));
}

function PhoneMenu({
  session,
  tools,
  terminalOpen,
  filesShown,
  onShow,
  onNewTerminal,
  onCloseTerminal,
}: SessionToolsProps & { tools: Tool[] }) {
  const [ending, setEnding] = useState(false);
  return (
    <>
      <ActionIcon
        variant="subtle"
        c="var(--mantine-color-text)"
        size={44}
        aria-label={filesShown ? 'Terminals' : 'Files'}
        onClick={() => onShow(filesShown ? 'terminals' : 'files')}
      >
        {filesShown ? <IconTerminal2 size={22} aria-hidden /> : <IconFolder size={22} aria-hidden />}
      </ActionIcon>
      <Menu position="bottom-end" width={240}>
        <Menu.Target>
          <ActionIcon variant="subtle" c="var(--mantine-color-text)" size={44} aria-label="Session menu">
            <IconDotsVertical size={22} aria-hidden />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown mah="80dvh" style={{ overflowY: 'auto' }}>
          {session.state === 'live' && (
            <Menu.Item mih={44} leftSection={<IconPlus size={19} aria-hidden />} onClick={onNewTerminal}>
              New terminal
            </Menu.Item>
          )}
          {terminalOpen && (
            <Menu.Item mih={44} leftSection={<IconX size={19} aria-hidden />} onClick={onCloseTerminal}>
              Close terminal
            </Menu.Item>
          )}
          <Menu.Divider />
          {tools.map(({ label, icon, run }) => (
            <Menu.Item key={label} mih={44} leftSection={icon} closeMenuOnClick={!label.endsWith('text')} onClick={run}>
              {label}
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Label>Theme</Menu.Label>
          <Themes />
          {session.state !== 'ended' && (
            <>
              <Menu.Divider />
              <Menu.Item
                mih={44}
                c="var(--np-bad)"
                leftSection={<IconPlayerStop size={19} aria-hidden />}
                onClick={() => setEnding(true)}
              >
                End session
              </Menu.Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      <EndSessionQuestion session={session} opened={ending} onClose={() => setEnding(false)} />
    </>
  );
}

async function toggleFullScreen(): Promise<void> {
  try {
    if (document.fullscreenElement) await document.exitFullscreen();
    else await document.documentElement.requestFullscreen();
  } catch {
    // The browser may refuse; nothing is lost.
  }
}
