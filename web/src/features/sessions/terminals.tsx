import type { Session } from '@netpilot/control-plane/contract/sessions.ts';
import type { TerminalStatus } from '@netpilot/control-plane/contract/terminal-frames.ts';
import { Button, Center, Loader, Stack, Text } from '@mantine/core';
import { useMediaQuery } from '@mantine/hooks';
import { useQueryClient } from '@tanstack/react-query';
import { IconPlus } from '@tabler/icons-react';
import { Suspense, lazy, useCallback, useRef, useState } from 'react';
import { useMatch, useNavigate, useSearchParams } from 'react-router';
import { keys } from '../../api/keys.ts';
import { paths } from '../../routes/paths.ts';
import { LoadingRows } from '../../shell/loading.tsx';
import { OfflineBanner } from '../../shell/offline-banner.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { ComposeBar } from '../terminal/compose-bar.tsx';
import { KeyRow } from '../terminal/key-row.tsx';
import { type Modifiers, NO_MODIFIERS, withModifiers } from '../terminal/keys.ts';
import { PasteDialog } from '../terminal/paste-dialog.tsx';
import { SearchBar } from '../terminal/search-bar.tsx';
import { screenReaderAsked, useTerminalSettings } from '../terminal/settings.ts';
import { type TerminalHandle, TerminalView } from '../terminal/terminal-view.tsx';
import { estimateSize } from './estimate-size.ts';
import { SessionBanners } from './session-banners.tsx';
import { SessionBar } from './session-bar.tsx';
import { SessionTools } from './session-tools.tsx';
import { TerminalTabs } from './terminal-tabs.tsx';
import { useTerminals } from './use-terminals.ts';

const FilesView = lazy(async () => ({ default: (await import('../files/files-view.tsx')).FilesView }));

/** The terminals of a live session, or its files, with everything around them; after its end their screens stay to be read. */
export function Terminals({ session }: { session: Session }) {
  const client = useQueryClient();
  const [search] = useSearchParams();
  const phone = useMediaQuery('(max-width: 48em), (pointer: coarse)', false, { getInitialValueInEffect: false });
  const [settings] = useTerminalSettings();
  const screens = useRef<HTMLDivElement>(null);
  const live = session.state === 'live';
  const filesShown = useMatch(paths.files(session.id)) !== null;
  const navigate = useNavigate();
  const show = (what: 'terminals' | 'files') =>
    void navigate(paths[what === 'files' ? 'files' : 'session'](session.id));
  const size = () => estimateSize(screens.current, settings.fontSize);
  const { terminals, loading, error, again, active, choose, open, close } = useTerminals(
    session.id,
    live,
    !filesShown,
    size,
  );
  const handles = useRef(new Map<number, TerminalHandle>());
  const current = () => (active === null ? undefined : handles.current.get(active));
  const [titles, setTitles] = useState<Readonly<Record<number, string>>>({});
  const [statuses, setStatuses] = useState<Readonly<Record<number, TerminalStatus>>>({});
  const shownStatus = active === null ? undefined : statuses[active];
  const drives = shownStatus === undefined || shownStatus.role === 'driver';
  const [selected, setSelected] = useState(false);
  const [finding, setFinding] = useState(false);
  const [pasting, setPasting] = useState<string | null>(null);

  const [held, setHeld] = useState<Modifiers>(NO_MODIFIERS);
  const heldNow = useRef(held);
  const hold = useCallback((next: Modifiers) => {
    heldNow.current = next;
    setHeld(next);
  }, []);
  const takeModifiers = useCallback(() => {
    const taken = heldNow.current;
    if (taken.ctrl || taken.alt) hold(NO_MODIFIERS);
    return taken;
  }, [hold]);

  const paste = async () => {
    const text = await readClipboard();
    if (text === null) setPasting('');
    else current()?.paste(text);
  };
  const restart = (id: number) => {
    close.mutate(id);
    open.mutate();
  };
  const leave = () =>
    document.querySelector<HTMLElement>('[role="tab"][aria-selected="true"], .np-session-bar a')?.focus();

  return (
    <>
      <SessionBar session={session} followers={drives ? (shownStatus?.followers ?? 0) : 0}>
        <SessionTools
          session={session}
          phone={phone}
          selected={selected}
          terminalOpen={active !== null && !filesShown}
          filesShown={filesShown}
          onShow={show}
          onFind={() => setFinding(true)}
          copyText={() => current()?.screen.text() ?? ''}
          onPaste={() => void paste()}
          onNewTerminal={() => open.mutate()}
          onCloseTerminal={() => active !== null && close.mutate(active)}
        />
      </SessionBar>
      <main className="np-workplace">
        <OfflineBanner />
        <SessionBanners session={session} />
        {(!phone || (terminals.length > 1 && !filesShown)) && (
          <TerminalTabs
            terminals={terminals}
            titles={titles}
            active={active}
            live={live}
            opening={open.isPending}
            filesShown={filesShown}
            onFiles={() => show('files')}
            onChoose={(id) => {
              choose(id);
              if (filesShown) show('terminals');
            }}
            onOpen={() => {
              open.mutate();
              if (filesShown) show('terminals');
            }}
            onClose={(id) => close.mutate(id)}
          />
        )}
        <Trouble error={error} retry={() => void again()} />
        <Trouble error={open.error} retry={() => open.mutate()} />
        <Trouble error={close.error} />
        {filesShown && (
          <Suspense fallback={<LoadingRows rows={8} height={30} />}>
            <FilesView session={session} phone={phone} />
          </Suspense>
        )}
        <div className="np-screens" ref={screens} hidden={filesShown}>
          {finding && <SearchBar terminal={current()} onClose={() => setFinding(false)} />}
          {terminals.map(({ id, historyEnd }) => (
            <TerminalView
              key={id}
              sessionId={session.id}
              terminalId={id}
              historyEnd={historyEnd}
              active={id === active && !filesShown}
              screenReader={screenReaderAsked(`?${search.toString()}`)}
              takeModifiers={takeModifiers}
              onHandle={(terminal, handle) => {
                if (handle) handles.current.set(terminal, handle);
                else handles.current.delete(terminal);
              }}
              onTitle={(terminal, title) => setTitles((all) => ({ ...all, [terminal]: title }))}
              onTouchPaste={() => void paste()}
              onStatus={(terminal, status) => setStatuses((all) => ({ ...all, [terminal]: status }))}
              onConfirmPaste={(_terminal, cleaned) => setPasting(cleaned)}
              onSelection={setSelected}
              onFind={() => setFinding(true)}
              onLeave={leave}
              onRestart={restart}
              onSignedOut={() => client.setQueryData(keys.me, null)}
            />
          ))}
          {terminals.length === 0 && !error && (
            <NoTerminal live={live} busy={open.isPending || loading} onOpen={() => open.mutate()} />
          )}
        </div>
        {phone && active !== null && live && drives && !filesShown && (
          <>
            <KeyRow
              held={held}
              onHold={hold}
              onKey={(key) => current()?.press(key)}
              onText={(text) => current()?.type(withModifiers(text, takeModifiers()))}
              onPaste={() => void paste()}
            />
            <ComposeBar onSend={(line) => current()?.type(withModifiers(line, takeModifiers()))} />
          </>
        )}
      </main>
      <PasteDialog
        text={pasting}
        onClose={() => setPasting(null)}
        onPaste={(cleaned) => {
          current()?.pasteNow(cleaned);
          current()?.focus();
        }}
      />
    </>
  );
}

function NoTerminal({ live, busy, onOpen }: { live: boolean; busy: boolean; onOpen: () => void }) {
  return (
    <Center flex={1} p="md">
      {busy && live ? (
        <Loader role="status" aria-label="Opening a terminal" />
      ) : (
        <Stack align="center" gap="sm">
          <Text c="dimmed">No terminal is open.</Text>
          {live && (
            <Button mih={44} leftSection={<IconPlus size={18} aria-hidden />} onClick={onOpen}>
              Open one
            </Button>
          )}
        </Stack>
      )}
    </Center>
  );
}

/** @returns the clipboard's text, or null when the browser does not let a page read it. */
async function readClipboard(): Promise<string | null> {
  try {
    return (await navigator.clipboard.readText()) || null;
  } catch {
    return null;
  }
}
