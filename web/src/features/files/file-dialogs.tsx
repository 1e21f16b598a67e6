import type { FileChange } from '@netpilot/control-plane/contract/files.ts';
import { printableName, printablePath, sizeWords } from '@netpilot/control-plane/contract/printable.ts';
import { type RouterPath, splitRouterPath } from '@netpilot/control-plane/contract/router-path.ts';
import { Button, Checkbox, Group, Modal, Stack, Table, Text, TextInput } from '@mantine/core';
import { useQueries } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useState } from 'react';
import { isProblem } from '../../api/problem.ts';
import { Confirm } from '../../shell/confirm.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import type { FileCalls } from './file-calls.ts';
import type { Row } from './file-list.tsx';
import { isFolder, modeWords } from './file-words.ts';
import { pathOf, typedName, typedPath } from './typed-name.ts';

/** What a person has asked to do, before they have said all of it. */
export type Asked =
  | { readonly type: 'create_folder' | 'create_file' }
  | { readonly type: 'rename' | 'chmod'; readonly row: Row; readonly path: RouterPath }
  | { readonly type: 'copy' | 'move' | 'delete'; readonly rows: readonly Row[]; readonly paths: readonly RouterPath[] };

interface FileDialogProps {
  asked: Asked;
  folder: RouterPath;
  calls: FileCalls;
  onClose: () => void;
  /** Changes were made. */
  onDone: () => void;
}

/** Asks for the rest of a change and makes it; stays open with the problem when it fails. */
export function FileDialog(props: FileDialogProps) {
  const { asked } = props;
  switch (asked.type) {
    case 'create_folder':
    case 'create_file':
      return <NewDialog {...props} type={asked.type} />;
    case 'rename':
      return <RenameDialog {...props} row={asked.row} path={asked.path} />;
    case 'chmod':
      return <ModeDialog {...props} row={asked.row} path={asked.path} />;
    case 'copy':
    case 'move':
      return <PlaceDialog {...props} type={asked.type} rows={asked.rows} paths={asked.paths} />;
    case 'delete':
      return <DeleteDialog {...props} rows={asked.rows} paths={asked.paths} />;
  }
}

/** One form in a dialog: its fields, and the change that they make. */
function FormDialog({
  title,
  action,
  ready,
  replaceable = false,
  children,
  change,
  onClose,
  onDone,
}: {
  title: string;
  action: string;
  ready: boolean;
  /** Whether what is in the way can be replaced, after asking. */
  replaceable?: boolean;
  children: ReactNode;
  change: (replace: boolean) => Promise<unknown>;
  onClose: () => void;
  onDone: () => void;
}) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const run = async (replace: boolean) => {
    setBusy(true);
    setError(null);
    try {
      await change(replace);
      onDone();
      onClose();
    } catch (reason) {
      setError(reason);
    } finally {
      setBusy(false);
    }
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready) void run(false);
  };
  const inTheWay = replaceable && isProblem(error, 'file_exists');
  return (
    <Modal opened onClose={onClose} title={<Text fw={650}>{title}</Text>}>
      <form onSubmit={submit}>
        <Stack>
          {children}
          <Trouble error={error} />
          <Group justify="flex-end" gap="sm">
            <Button variant="default" mih={44} onClick={onClose}>
              Cancel
            </Button>
            {inTheWay && (
              <Button color="red.9" mih={44} loading={busy} onClick={() => void run(true)}>
                Replace it
              </Button>
            )}
            <Button type="submit" mih={44} disabled={!ready} loading={busy && !inTheWay}>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function NewDialog({ type, folder, calls, ...rest }: FileDialogProps & { type: 'create_folder' | 'create_file' }) {
  const [text, setText] = useState('');
  const name = typedName(text);
  return (
    <FormDialog
      {...rest}
      title={type === 'create_folder' ? 'New folder' : 'New file'}
      action="Create"
      ready={name !== null}
      change={async () => name && calls.change({ type, path: pathOf(folder, name) })}
    >
      <NameField value={text} onChange={setText} wrong={text !== '' && name === null} />
    </FormDialog>
  );
}

function RenameDialog({ row, path, folder, calls, ...rest }: FileDialogProps & { row: Row; path: RouterPath }) {
  const [text, setText] = useState(row.entry.name.raw === null ? row.entry.name.text : '');
  const name = typedName(text);
  const to = name === null ? null : pathOf(row.place === undefined ? folder : parentOf(path), name);
  return (
    <FormDialog
      {...rest}
      title={`Rename ${printableName(row.entry.name)}`}
      action="Rename"
      ready={to !== null && to !== path}
      replaceable
      change={async (replace) => to && calls.change({ type: 'rename', path, to, replace })}
    >
      <NameField value={text} onChange={setText} wrong={text !== '' && name === null} />
    </FormDialog>
  );
}

function NameField({ value, onChange, wrong }: { value: string; onChange: (text: string) => void; wrong: boolean }) {
  return (
    <TextInput
      label="Name"
      value={value}
      onChange={({ currentTarget }) => onChange(currentTarget.value)}
      error={wrong ? 'No folder can hold this name.' : null}
      autoComplete="off"
      autoCapitalize="off"
      spellCheck={false}
      size="md"
      data-autofocus
    />
  );
}

function PlaceDialog({
  type,
  rows,
  paths,
  folder,
  calls,
  ...rest
}: FileDialogProps & { type: 'copy' | 'move'; rows: readonly Row[]; paths: readonly RouterPath[] }) {
  const [text, setText] = useState(printablePath(folder));
  const target = typedPath(text);
  const change = async (replace: boolean) => {
    for (const [index, path] of paths.entries()) {
      const name = rows[index]?.entry.name;
      if (target === null || name === undefined) return;
      const to = pathOf(target, name);
      const made: FileChange = { type: type === 'move' ? 'rename' : 'copy', path, to, replace };
      if (to !== path) await calls.change(made);
    }
  };
  return (
    <FormDialog
      {...rest}
      title={`${type === 'move' ? 'Move' : 'Copy'} ${countWords(rows)}`}
      action={type === 'move' ? 'Move' : 'Copy'}
      ready={target !== null && target !== folder}
      replaceable
      change={change}
    >
      <TextInput
        label="Into the folder"
        value={text}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
        error={target === null ? 'A path begins with /.' : null}
        autoComplete="off"
        autoCapitalize="off"
        spellCheck={false}
        size="md"
        data-autofocus
      />
    </FormDialog>
  );
}

const RIGHTS = [
  { label: 'Read', bit: 4 },
  { label: 'Write', bit: 2 },
  { label: 'Run', bit: 1 },
] as const;
const WHO = [
  { label: 'Owner', shift: 6 },
  { label: 'Group', shift: 3 },
  { label: 'Others', shift: 0 },
] as const;
const SPECIAL = [
  { label: 'Runs as its owner (set-uid)', bit: 0o4000 },
  { label: 'Runs as its group (set-gid)', bit: 0o2000 },
  { label: 'Only owners delete in it (sticky)', bit: 0o1000 },
] as const;

function ModeDialog({ row, path, calls, ...rest }: FileDialogProps & { row: Row; path: RouterPath }) {
  const [mode, setMode] = useState(row.entry.mode);
  const [typed, setTyped] = useState(row.entry.mode.toString(8).padStart(4, '0'));
  const set = (next: number) => {
    setMode(next);
    setTyped(next.toString(8).padStart(4, '0'));
  };
  const flip = (bit: number) => set(mode ^ bit);
  const valid = /^[0-7]{3,4}$/u.test(typed);
  return (
    <FormDialog
      {...rest}
      title={`Permissions of ${printableName(row.entry.name)}`}
      action="Set"
      ready={valid && mode !== row.entry.mode}
      change={() => calls.change({ type: 'chmod', path, mode })}
    >
      <Table withRowBorders={false}>
        <Table.Thead>
          <Table.Tr>
            <Table.Th />
            {RIGHTS.map(({ label }) => (
              <Table.Th key={label}>{label}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {WHO.map(({ label: who, shift }) => (
            <Table.Tr key={who}>
              <Table.Th scope="row">{who}</Table.Th>
              {RIGHTS.map(({ label, bit }) => (
                <Table.Td key={label}>
                  <Checkbox
                    size="md"
                    checked={(mode & (bit << shift)) !== 0}
                    onChange={() => flip(bit << shift)}
                    aria-label={`${who}: ${label}`}
                  />
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      {SPECIAL.map(({ label, bit }) => (
        <Checkbox key={bit} label={label} checked={(mode & bit) !== 0} onChange={() => flip(bit)} />
      ))}
      <TextInput
        label="In octal"
        value={typed}
        onChange={({ currentTarget: { value } }) => {
          setTyped(value);
          if (/^[0-7]{3,4}$/u.test(value)) setMode(Number.parseInt(value, 8));
        }}
        error={valid ? null : 'Three or four digits from 0 to 7.'}
        description={modeWords({ type: row.entry.type, mode })}
        autoComplete="off"
        inputMode="numeric"
      />
    </FormDialog>
  );
}

function DeleteDialog({
  rows,
  paths,
  calls,
  onClose,
  onDone,
}: FileDialogProps & { rows: readonly Row[]; paths: readonly RouterPath[] }) {
  const folders = paths.filter((_, index) => rows[index]?.entry.type === 'folder');
  const counts = useQueries({
    queries: folders.map((path) => ({
      queryKey: ['file-count', calls.contentAddress(path)],
      queryFn: ({ signal }: { signal: AbortSignal }) => calls.count(path, signal),
      staleTime: 0,
      gcTime: 0,
      retry: false,
    })),
  });
  const counting = counts.some(({ isPending }) => isPending);
  const failed = counts.find(({ error }) => error)?.error;
  const entries = counts.reduce((sum, { data }) => sum + (data?.entries ?? 0), rows.length - folders.length);
  const bytes = counts.reduce(
    (sum, { data }) => sum + (data?.bytes ?? 0),
    rows.reduce((sum, { entry }) => sum + (isFolder(entry) ? 0 : entry.size), 0),
  );
  const more = counts.some(({ data }) => data?.complete === false) ? 'more than ' : '';
  return (
    <Confirm
      opened
      onClose={onClose}
      title={`Delete ${countWords(rows)}?`}
      action="Delete"
      danger
      disabled={counting}
      onConfirm={async () => {
        try {
          for (const [index, path] of paths.entries()) {
            await calls.change({ type: 'delete', path, recursive: rows[index]?.entry.type === 'folder' });
          }
        } finally {
          onDone();
        }
      }}
    >
      <Stack gap="xs">
        {counting ? (
          <span role="status">Counting what is in it…</span>
        ) : (
          <span>
            {folders.length > 0
              ? `With all in it these are ${more}${entries} entries of ${sizeWords(bytes)} together. `
              : `${sizeWords(bytes)} on the router. `}
            There is no trash: what is deleted is gone.
          </span>
        )}
        <Trouble error={failed} />
      </Stack>
    </Confirm>
  );
}

function countWords(rows: readonly Row[]): string {
  const [first] = rows;
  return rows.length === 1 && first ? printableName(first.entry.name) : `${rows.length} entries`;
}

function parentOf(path: RouterPath): RouterPath {
  return splitRouterPath(path).folder;
}
