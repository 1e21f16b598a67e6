import { printablePath } from '@netpilot/control-plane/contract/printable.ts';
import { RouterPath, splitRouterPath } from '@netpilot/control-plane/contract/router-path.ts';
import type { Session } from '@netpilot/control-plane/contract/sessions.ts';
import { Text } from '@mantine/core';
import { useQuery } from '@tanstack/react-query';
import { IconFolderOpen } from '@tabler/icons-react';
import { type DragEvent, useMemo, useState } from 'react';
import { useSearchParams } from 'react-router';
import { Confirm } from '../../shell/confirm.tsx';
import { Empty, LoadingRows } from '../../shell/loading.tsx';
import { Notice } from '../../shell/notice.tsx';
import { Trouble } from '../../shell/trouble.tsx';
import { Breadcrumb } from './breadcrumb.tsx';
import { type Chosen, chosenByDrop } from './chosen-files.ts';
import { fileCalls } from './file-calls.ts';
import { type Asked, FileDialog } from './file-dialogs.tsx';
import { FileList, type Row } from './file-list.tsx';
import { type Column, type FileOrder, filterEntries, keyOf, sortEntries } from './file-order.ts';
import { FileView } from './file-view.tsx';
import { isFile, isFolder } from './file-words.ts';
import './files.css';
import { FilesStatus } from './files-status.tsx';
import { FilesToolbar } from './files-toolbar.tsx';
import { type FileAction, RowMenu } from './row-menu.tsx';
import { SearchBar } from './search-bar.tsx';
import { TransfersPanel } from './transfers-panel.tsx';
import { InterruptedUploads } from './interrupted-uploads.tsx';
import { pathOf } from './typed-name.ts';
import { UploadRests } from './upload-rests.tsx';
import { useFolder } from './use-folder.ts';
import { useMoving } from './use-moving.ts';
import { useSearch } from './use-search.ts';
import { useSelection } from './use-selection.ts';

const FIRST_ORDER: FileOrder = { column: 'name', descending: false, filter: '', hidden: false };

/** The files of a session's router: a folder, what a search found, or one file; and what is on its way. */
export function FilesView({ session, phone }: { session: Session; phone: boolean }) {
  const calls = useMemo(() => fileCalls(session.id), [session.id]);
  const live = session.state === 'live' && session.reconnecting === null;
  const [address, setAddress] = useSearchParams();
  const road = useQuery({
    queryKey: ['file-road', session.id],
    queryFn: ({ signal }) => calls.road(signal),
    enabled: live,
    staleTime: 300_000,
  });
  const path = pathIn(address.get('path')) ?? road.data?.home ?? null;
  const file = pathIn(address.get('file'));
  const folder = useFolder(calls, path, live);
  const [order, setOrder] = useState(FIRST_ORDER);
  const searching = useSearch(calls);
  const { search } = searching;
  const [asked, setAsked] = useState<Asked | null>(null);
  const [dropping, setDropping] = useState(false);
  const moving = useMoving(session, calls, live, path, folder);

  const { column, descending } = order;
  const sorted = useMemo(
    () => sortEntries(folder.entries, { column, descending }),
    [folder.entries, column, descending],
  );
  const rows = useMemo<Row[]>(
    () =>
      search === null
        ? filterEntries(sorted, order).map((entry) => ({ key: keyOf(entry), entry }))
        : search.found.map(({ folder: at, entry }) => ({
            key: `${at}/${keyOf(entry)}`,
            entry,
            place: printablePath(at),
            within: at,
          })),
    [sorted, order, search],
  );
  const selection = useSelection(
    useMemo(() => rows.map(({ key }) => key), [rows]),
    `${path ?? ''} ${search?.text ?? ''}`,
  );
  const at = (row: Row) => pathOf(row.within ?? path ?? '/', row.entry.name);
  const chosen = rows.filter(({ key }) => selection.selected.has(key));

  const go = (to: RouterPath) => {
    searching.clear();
    setOrder((now) => ({ ...now, filter: '' }));
    setAddress({ path: to });
  };
  const open = (row: Row) => {
    if (isFolder(row.entry)) go(at(row));
    else if (isFile(row.entry)) setAddress({ path: path ?? '/', file: at(row) });
  };
  const sort = (column: Column) =>
    setOrder((now) => ({ ...now, column, descending: now.column === column && !now.descending }));
  const ask = (type: 'copy' | 'move' | 'delete', some: readonly Row[]) => {
    if (live && some.length > 0) setAsked({ type, rows: some, paths: some.map(at) });
  };
  const rename = (row: Row) => live && setAsked({ type: 'rename', row, path: at(row) });

  const actionsOf = (row: Row): FileAction[] => [
    ...(isFolder(row.entry) || isFile(row.entry) ? [{ label: 'Open', run: () => open(row) }] : []),
    ...(live && (isFolder(row.entry) || isFile(row.entry))
      ? [
          {
            label: isFolder(row.entry) ? 'Download as tar' : 'Download',
            run: () => moving.download(row.entry, at(row)),
          },
        ]
      : []),
    { label: 'Copy path', run: () => void navigator.clipboard?.writeText(printablePath(at(row))) },
    ...(live
      ? [
          { label: 'Rename', run: () => rename(row) },
          { label: 'Move', run: () => ask('move', [row]) },
          { label: 'Copy', run: () => ask('copy', [row]) },
          { label: 'Permissions', run: () => setAsked({ type: 'chmod', row, path: at(row) }) },
          { label: 'Delete', run: () => ask('delete', [row]), danger: true },
        ]
      : []),
  ];
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setDropping(false);
    void chosenByDrop(event.dataTransfer).then(moving.upload, moving.refuse);
  };

  if (file !== null) {
    return (
      <>
        <FileView
          calls={calls}
          path={file}
          live={live}
          onBack={() => setAddress({ path: path ?? splitRouterPath(file).folder })}
          onDownload={() => moving.download({ type: 'file', target: null, name: splitRouterPath(file).name }, file)}
          onChanged={folder.reload}
        />
        <TransfersPanel queue={moving.queue} views={moving.views} />
      </>
    );
  }
  return (
    <div
      className="np-folder"
      data-dropping={dropping || undefined}
      onDragOver={(event) => {
        if (!live || !event.dataTransfer.types.includes('Files')) return;
        event.preventDefault();
        setDropping(true);
      }}
      onDragLeave={(event) => event.currentTarget === event.target && setDropping(false)}
      onDrop={drop}
    >
      <div className="np-folder-top">
        {path !== null && <Breadcrumb path={path} onGo={go} />}
        <FilesToolbar
          phone={phone}
          live={live}
          order={order}
          searching={search !== null}
          selected={chosen.length}
          onOrder={setOrder}
          onSearch={() => path !== null && searching.start(path, order.filter)}
          onNew={(type) => setAsked({ type })}
          onUpload={(some) => moving.upload(some)}
          onReload={folder.reload}
          onDownload={() => {
            for (const row of chosen) moving.download(row.entry, at(row));
          }}
          onMove={() => ask('move', chosen)}
          onCopy={() => ask('copy', chosen)}
          onDelete={() => ask('delete', chosen)}
          onSelectNone={selection.none}
        />
        {search !== null && <SearchBar search={search} onStop={searching.stop} onClose={searching.clear} />}
      </div>
      {!live && session.state !== 'ended' && (
        <Notice tone="warn" title="The router is away">
          What is shown is what it last told; it goes on by itself when the router is back.
        </Notice>
      )}
      {session.state === 'ended' && (
        <Notice tone="info" title="This session has ended">
          Start another one to reach the files of this router.
        </Notice>
      )}
      {live && <InterruptedUploads uploads={moving.interrupted} onFile={moving.goOn} onDiscard={moving.discard} />}
      {live && search === null && <UploadRests rests={moving.rests} onDiscard={moving.discardRest} />}
      <Trouble error={road.error ?? moving.error} />
      <Trouble error={folder.error} retry={folder.reload} />
      {path !== null && folder.loading && rows.length === 0 && !folder.error && search === null ? (
        <div className="np-file-body">
          <LoadingRows rows={8} height={30} />
        </div>
      ) : rows.length === 0 && !folder.error && path !== null ? (
        <div className="np-file-body">
          <Empty icon={<IconFolderOpen size={40} />} title={emptyTitle(order, search?.state, folder.entries.length)}>
            {search === null && folder.entries.length === 0
              ? phone
                ? 'The menu above puts files and folders here.'
                : 'Drop files here to put them on the router.'
              : 'Another name, or hidden files, may bring more.'}
          </Empty>
        </div>
      ) : (
        <FileList
          rows={rows}
          label={
            search === null ? `Files in ${printablePath(path ?? '/')}` : `Found below ${printablePath(search.below)}`
          }
          selection={selection}
          phone={phone}
          order={search === null ? order : null}
          onSort={sort}
          onOpen={open}
          onDelete={() =>
            ask('delete', chosen.length > 0 ? chosen : rows.slice(selection.active, selection.active + 1))
          }
          onRename={rename}
          onUp={() => path !== null && go(splitRouterPath(path).folder)}
          menu={(row) => <RowMenu row={row} phone={phone} actions={actionsOf(row)} />}
        />
      )}
      {dropping && (
        <div className="np-drop" aria-hidden>
          <Text fw={650}>Drop to put into {path === null ? 'this folder' : printablePath(path)}</Text>
        </div>
      )}
      <TransfersPanel queue={moving.queue} views={moving.views} />
      <FilesStatus
        calls={calls}
        path={live ? path : null}
        road={road.data}
        shown={rows.length}
        all={search === null ? folder.entries.length : rows.length}
        selected={chosen.length}
        loading={folder.loading || search?.state === 'running'}
        skipped={folder.skipped}
      />
      {asked !== null && path !== null && (
        <FileDialog asked={asked} folder={path} calls={calls} onClose={() => setAsked(null)} onDone={folder.reload} />
      )}
      <ReplaceQuestion chosen={moving.inTheWay} onClose={moving.leave} onReplace={moving.replace} />
    </div>
  );
}

function ReplaceQuestion({
  chosen,
  onClose,
  onReplace,
}: {
  chosen: readonly Chosen[] | null;
  onClose: () => void;
  onReplace: () => void;
}) {
  const names = (chosen ?? []).map(({ path }) => path.join('/'));
  return (
    <Confirm
      opened={chosen !== null}
      onClose={onClose}
      title={names.length === 1 ? `Replace ${names[0] ?? ''}?` : `Replace ${names.length} files?`}
      action="Replace"
      danger
      onConfirm={async () => onReplace()}
    >
      {names.length === 1 ? 'It is' : `${names.slice(0, 5).join(', ')}${names.length > 5 ? ' and others are' : ' are'}`}{' '}
      on the router already. Each is replaced in one step when its new content is there and verified.
    </Confirm>
  );
}

function emptyTitle(order: FileOrder, search: string | undefined, all: number): string {
  if (search === 'running') return 'Searching…';
  if (search !== undefined) return 'Nothing found';
  if (all === 0) return 'This folder is empty';
  return order.filter === '' ? 'Only hidden files are here' : 'No name here has this in it';
}

function pathIn(text: string | null): RouterPath | null {
  return RouterPath.safeParse(text).data ?? null;
}
