import { EditorState } from '@codemirror/state';
import { EditorView as CodeEditor, keymap } from '@codemirror/view';
import type { FileVersion } from '@netpilot/control-plane/contract/file-api.ts';
import type { FileStat } from '@netpilot/control-plane/contract/files.ts';
import { type RouterPath, routerPathText } from '@netpilot/control-plane/contract/router-path.ts';
import { Button, Group, Text } from '@mantine/core';
import { IconDeviceFloppy, IconHistory } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { useBlocker } from 'react-router';
import { isProblem } from '../../api/problem.ts';
import { Confirm } from '../../shell/confirm.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { languageOf } from './editor-language.ts';
import { editorSetup } from './editor-setup.ts';
import type { FileCalls, SaveCondition } from './file-calls.ts';
import { MergeDialog } from './merge-dialog.tsx';
import { type DecodedText, ENCODING_WORDS, decodeText, encodeText } from './text-encoding.ts';
import { VersionsDialog } from './versions-dialog.tsx';

interface EditorViewProps {
  calls: FileCalls;
  path: RouterPath;
  stat: FileStat;
  text: DecodedText;
  editable: boolean;
  onSaved: () => void;
  /** The router's file is to be shown instead of what is here. */
  onReload: () => void;
}

/** The other file that stands in the way of a save. */
interface Conflict {
  readonly stat: FileStat | null;
  readonly text: DecodedText | null;
  /** What the person had when it was found. */
  readonly mine: string;
}

/** A text in an editor: saved only over the version that was opened, unless the person decides otherwise. */
export function EditorView({ calls, path, stat, text, editable, onSaved, onReload }: EditorViewProps) {
  const host = useRef<HTMLDivElement>(null);
  const editor = useRef<CodeEditor | null>(null);
  const [version, setVersion] = useState<string | null>(stat.version);
  const [changed, setChanged] = useState(false);
  const [saving, setSaving] = useState(false);
  const [saved, setSaved] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const [conflict, setConflict] = useState<Conflict | null>(null);
  const [versionsShown, setVersionsShown] = useState(false);
  const saveNow = useRef<() => void>(() => undefined);

  useEffect(() => {
    const state = EditorState.create({
      doc: text.text,
      extensions: [
        editorSetup(text.lineSeparator, 'Text of the file'),
        languageOf(routerPathText(path), text.text),
        EditorState.readOnly.of(!editable),
        CodeEditor.updateListener.of((update) => {
          if (!update.docChanged) return;
          setChanged(true);
          setSaved(false);
        }),
        keymap.of([{ key: 'Mod-s', preventDefault: true, run: () => (saveNow.current(), true) }]),
      ],
    });
    const view = new CodeEditor({ state, parent: host.current ?? undefined });
    editor.current = view;
    return () => view.destroy();
  }, [path, text, editable]);

  useEffect(() => {
    if (!changed) return;
    const keep = (event: BeforeUnloadEvent) => event.preventDefault();
    addEventListener('beforeunload', keep);
    return () => removeEventListener('beforeunload', keep);
  }, [changed]);
  const blocker = useBlocker(
    ({ currentLocation, nextLocation }) => changed && currentLocation.search !== nextLocation.search,
  );

  const current = () => editor.current?.state.sliceDoc() ?? '';
  const replace = (content: string) => {
    const view = editor.current;
    view?.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: content } });
  };
  const save = async (content: string, condition: SaveCondition) => {
    const bytes = encodeText(content, text.encoding);
    if (bytes === null) {
      setError(new Error(`${ENCODING_WORDS[text.encoding]} has no room for one of its characters.`));
      return;
    }
    setSaving(true);
    setError(null);
    try {
      const now = await calls.save(path, bytes, condition);
      setVersion(now.version);
      setChanged(current() !== content);
      setSaved(true);
      setConflict(null);
      onSaved();
    } catch (reason) {
      if (isProblem(reason, 'file_changed') || isProblem(reason, 'file_exists'))
        setConflict({ ...(await theirs(calls, path)), mine: content });
      else setError(reason);
    } finally {
      setSaving(false);
    }
  };
  const saveMine = () => void save(current(), version === null ? 'nothing' : { version });
  saveNow.current = () => {
    if (editable && changed && !saving) saveMine();
  };

  const restore = async (kept: FileVersion) => {
    const earlier = decodeText(await calls.version(kept.id));
    if (earlier === null) throw new Error('This version is no text.');
    replace(earlier.text);
    setVersionsShown(false);
  };

  return (
    <>
      <Group className="np-editor-tools" gap="sm">
        {editable && (
          <>
            <Button
              mih={40}
              leftSection={<IconDeviceFloppy size={18} aria-hidden />}
              disabled={!changed}
              loading={saving}
              onClick={saveMine}
            >
              Save
            </Button>
            <Button
              variant="default"
              mih={40}
              leftSection={<IconHistory size={18} aria-hidden />}
              onClick={() => setVersionsShown(true)}
            >
              Versions
            </Button>
          </>
        )}
        <Text size="sm" c="dimmed" role="status">
          {!editable ? 'Read only' : changed ? 'Changed, not saved' : saved ? 'Saved' : ''}
        </Text>
      </Group>
      <Trouble error={error} />
      <div ref={host} className="np-file-body np-editor" />
      <VersionsDialog
        calls={calls}
        path={path}
        opened={versionsShown}
        onClose={() => setVersionsShown(false)}
        onRestore={restore}
      />
      {conflict && (
        <MergeDialog
          mine={conflict.mine}
          theirs={conflict.text}
          gone={conflict.stat === null}
          saving={saving}
          lineSeparator={text.lineSeparator}
          onClose={() => setConflict(null)}
          onSave={(merged) => {
            replace(merged);
            void save(merged, conflict.stat === null ? 'nothing' : { version: conflict.stat.version });
          }}
          onTake={() => {
            setChanged(false);
            setConflict(null);
            onReload();
          }}
        />
      )}
      <Confirm
        opened={blocker.state === 'blocked'}
        onClose={() => blocker.reset?.()}
        title="Leave without saving?"
        action="Leave"
        danger
        onConfirm={async () => blocker.proceed?.()}
      >
        What you changed in this file is not on the router yet.
      </Confirm>
    </>
  );
}

/** What is on the router instead of what was opened. */
async function theirs(calls: FileCalls, path: RouterPath): Promise<Omit<Conflict, 'mine'>> {
  try {
    const stat = await calls.stat(path);
    const response = await calls.content(path, 0, Math.max(1, stat.size), new AbortController().signal);
    return { stat, text: decodeText(new Uint8Array(await response.arrayBuffer())) };
  } catch (error) {
    if (isProblem(error, 'file_vanished')) return { stat: null, text: null };
    throw error;
  }
}
