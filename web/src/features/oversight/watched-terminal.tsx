import type { TerminalStatus } from '@netpilot/control-plane/contract/terminal-frames.ts';
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useEffectEvent, useRef } from 'react';
import { socketAddress, stillSignedIn } from '../../api/client.ts';
import { type AttachmentState, TerminalAttachment } from '../terminal/attach.ts';
import { cleanPaste, typedPaste } from '../terminal/paste.ts';
import { useTerminalSettings } from '../terminal/settings.ts';
import { XtermScreen } from '../terminal/xterm-screen.ts';

interface WatchedTerminalProps {
  sessionId: string;
  terminalId: number;
  /** Types as well, once this page drives. */
  joined: boolean;
  onState: (state: AttachmentState) => void;
  onStatus: (status: TerminalStatus) => void;
  /** Called with what takes the terminal over, while there is one. */
  onTakeOver: (takeOver: (() => void) | null) => void;
}

const encoder = new TextEncoder();

/** Somebody else's terminal, in the size that they have; what is typed here goes nowhere unless one has joined. */
export function WatchedTerminal(props: WatchedTerminalProps) {
  const { sessionId, terminalId, joined } = props;
  const element = useRef<HTMLDivElement>(null);
  const screen = useRef<XtermScreen | null>(null);
  const [settings] = useTerminalSettings();
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false });
  const current = useEffectEvent(() => ({ ...props, settings, scheme }));

  useEffect(() => {
    if (!element.current) return;
    const initial = current();
    const send = (text: string) => {
      if (joined && text !== '') attachment.send(encoder.encode(text));
    };
    const shown: XtermScreen = new XtermScreen({
      element: element.current,
      settings: initial.settings,
      scheme: initial.scheme,
      label: joined ? `Terminal ${terminalId} input` : `Terminal ${terminalId}, watched`,
      onInput: send,
      onBinary: (data) => send(data),
      onTitle: () => undefined,
      onPaste: (text) => send(typedPaste(cleanPaste(text), shown.terminal.modes.bracketedPasteMode)),
      onResize: () => attachment.resize(),
      onSelection: () => undefined,
      onFind: () => undefined,
      onLeave: () => element.current?.closest<HTMLElement>('.np-watch')?.querySelector<HTMLElement>('a')?.focus(),
      // Questions in the output are answered by whoever drives; a watcher's answers would go nowhere.
      live: () => joined && !attachment.replaying,
    });
    const attachment: TerminalAttachment = new TerminalAttachment({
      address: (query) =>
        socketAddress(`/oversight/sessions/${sessionId}/terminals/${terminalId}/${joined ? 'join' : 'watch'}?${query}`),
      screen: shown,
      signedIn: stillSignedIn,
      events: {
        stateChanged: (state) => current().onState(state),
        statusChanged: (status) => current().onStatus(status),
        exited: () => undefined,
        noticed: () => undefined,
        pendingInput: () => undefined,
      },
    });
    screen.current = shown;
    initial.onTakeOver(joined ? () => attachment.takeOver() : null);
    return () => {
      current().onTakeOver(null);
      screen.current = null;
      attachment.close();
      shown.dispose();
    };
  }, [sessionId, terminalId, joined]);

  useEffect(() => screen.current?.dress(settings, scheme), [settings, scheme]);

  return (
    <section
      className="np-terminal"
      aria-label={`Terminal ${terminalId}`}
      data-theme={settings.theme === 'page' ? scheme : settings.theme}
    >
      <div ref={element} className="np-xterm" />
    </section>
  );
}
