import type { TerminalExit } from '@netpilot/control-plane/contract/terminal-frames.ts';
import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useEffectEvent, useRef, useState } from 'react';
import { socketAddress, stillSignedIn } from '../../api/client.ts';
import { type AttachmentState, TerminalAttachment } from './attach.ts';
import { type SoftKey, type Modifiers, softKeyInput, withModifiers } from './keys.ts';
import { cleanPaste, needsConfirmation, typedPaste } from './paste.ts';
import { useTerminalSettings } from './settings.ts';
import { TerminalStatus } from './terminal-status.tsx';
import { XtermScreen } from './xterm-screen.ts';

/** What the toolbar, the key row and the compose bar do with a terminal. */
export interface TerminalHandle {
  readonly screen: XtermScreen;
  type(text: string): void;
  press(key: SoftKey): void;
  /** Cleans `text` and sends it, after asking where a person should look first. */
  paste(text: string): void;
  /** Sends text that was confirmed. */
  pasteNow(cleaned: string): void;
  focus(): void;
}

interface TerminalViewProps {
  sessionId: string;
  terminalId: number;
  /** Bytes of output that are history at the first visit of this page. */
  historyEnd: number;
  active: boolean;
  screenReader: boolean;
  /** Modifiers held by the key row; asked for at each key. */
  takeModifiers: () => Modifiers;
  onHandle: (terminalId: number, handle: TerminalHandle | null) => void;
  onTitle: (terminalId: number, title: string) => void;
  onConfirmPaste: (terminalId: number, cleaned: string) => void;
  onSelection: (selected: boolean) => void;
  onFind: () => void;
  onLeave: () => void;
  onRestart: (terminalId: number) => void;
  onSignedOut: () => void;
}

const encoder = new TextEncoder();

/** One terminal: xterm in a region of its own, attached for as long as this is mounted. */
export function TerminalView(props: TerminalViewProps) {
  const { sessionId, terminalId, active, screenReader } = props;
  const element = useRef<HTMLDivElement>(null);
  const parts = useRef<{ screen: XtermScreen; attachment: TerminalAttachment } | null>(null);
  const [state, setState] = useState<AttachmentState>('connecting');
  const [exit, setExit] = useState<TerminalExit | null>(null);
  const [pending, setPending] = useState(0);
  const [refused, setRefused] = useState(false);
  const [settings] = useTerminalSettings();
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false });
  const looks = screenReader ? { ...settings, screenReader: true } : settings;

  const current = useEffectEvent(() => ({ ...props, looks, scheme }));

  useEffect(() => {
    if (!element.current) return;
    const initial = current();
    const send = (bytes: Uint8Array) => {
      const accepted = attachment.send(bytes);
      setRefused(!accepted && attachment.state === 'attached');
      return accepted;
    };
    const type = (text: string) => {
      if (text !== '') send(encoder.encode(text));
    };
    const screen: XtermScreen = new XtermScreen({
      element: element.current,
      settings: initial.looks,
      scheme: initial.scheme,
      label: `Terminal ${terminalId} input`,
      onInput: (data) => type(withModifiers(data, current().takeModifiers())),
      onBinary: (data) => send(Uint8Array.from(data, (character) => character.charCodeAt(0) & 0xff)),
      onTitle: (title) => current().onTitle(terminalId, title),
      onPaste: (text) => handle.paste(text),
      onResize: () => attachment.resize(),
      onSelection: (selected) => current().onSelection(selected),
      onFind: () => current().onFind(),
      onLeave: () => current().onLeave(),
      live: () => !attachment.replaying,
    });
    const attachment: TerminalAttachment = new TerminalAttachment({
      address: (offset) => socketAddress(`/sessions/${sessionId}/terminals/${terminalId}/attach?offset=${offset}`),
      screen,
      historyEnd: initial.historyEnd,
      signedIn: stillSignedIn,
      events: {
        stateChanged: (next) => {
          setState(next);
          if (next === 'signed_out') current().onSignedOut();
        },
        exited: setExit,
        // What notices say, the session says as well and for longer; here they would cover the screen.
        noticed: () => undefined,
        pendingInput: setPending,
      },
    });
    parts.current = { screen, attachment };
    const handle: TerminalHandle = {
      screen,
      type,
      press: (key) => {
        type(softKeyInput(key, current().takeModifiers(), screen.terminal.modes.applicationCursorKeysMode));
        screen.terminal.scrollToBottom();
      },
      paste: (text) => {
        const cleaned = cleanPaste(text);
        if (needsConfirmation(cleaned)) current().onConfirmPaste(terminalId, cleaned);
        else handle.pasteNow(cleaned);
      },
      pasteNow: (cleaned) => {
        if (cleaned === '') return;
        type(typedPaste(cleaned, screen.terminal.modes.bracketedPasteMode));
        screen.terminal.scrollToBottom();
      },
      focus: () => screen.terminal.focus(),
    };
    initial.onHandle(terminalId, handle);
    return () => {
      current().onHandle(terminalId, null);
      parts.current = null;
      attachment.close();
      screen.dispose();
    };
  }, [sessionId, terminalId]);

  useEffect(() => {
    parts.current?.screen.dress({ ...settings, screenReader: settings.screenReader || screenReader }, scheme);
  }, [settings, screenReader, scheme]);

  useEffect(() => {
    if (!active) return;
    parts.current?.screen.fit();
    // On a phone the keyboard comes when the person taps, not by itself.
    if (!matchMedia('(pointer: coarse)').matches) parts.current?.screen.terminal.focus();
  }, [active]);

  return (
    <section
      className="np-terminal"
      aria-label={`Terminal ${terminalId}`}
      hidden={!active}
      data-state={state}
      data-theme={looks.theme === 'page' ? scheme : looks.theme}
    >
      <div ref={element} className="np-xterm" />
      <TerminalStatus
        state={state}
        exit={exit}
        pending={pending}
        refused={refused}
        onCancelInput={() => parts.current?.attachment.cancelInput()}
        onTakeBack={() => parts.current?.attachment.takeBack()}
        onRestart={() => props.onRestart(terminalId)}
      />
    </section>
  );
}
