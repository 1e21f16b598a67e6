import { ActionIcon, Button, Group, Menu, TextInput, Tooltip } from '@mantine/core';
import {
  IconDotsVertical,
  IconDownload,
  IconEye,
  IconEyeOff,
  IconFilePlus,
  IconFolderPlus,
  IconRefresh,
  IconSearch,
  IconTrash,
  IconUpload,
  IconX,
} from '@tabler/icons-react';
import { type ReactNode, useRef } from 'react';
import { type Chosen, chosenByInput } from './chosen-files.ts';
import type { FileOrder } from './file-order.ts';

interface FilesToolbarProps {
  phone: boolean;
  live: boolean;
  order: FileOrder;
  searching: boolean;
  selected: number;
  onOrder: (order: FileOrder) => void;
  onSearch: () => void;
  onNew: (type: 'create_folder' | 'create_file') => void;
  onUpload: (chosen: Chosen[]) => void;
  onReload: () => void;
  onDownload: () => void;
  onMove: () => void;
  onCopy: () => void;
  onDelete: () => void;
  onSelectNone: () => void;
}

/** What can be done in a folder; with a selection, what can be done with it. */
export function FilesToolbar(props: FilesToolbarProps) {
  const { phone, live, order, selected } = props;
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  if (selected > 0) return <SelectionBar {...props} />;
  const take = (input: HTMLInputElement) => {
    props.onUpload(chosenByInput(input.files ?? new DataTransfer().files));
    input.value = '';
  };
  return (
    <Group gap="xs" wrap="nowrap" className="np-files-tools">
      <form
        style={{ flex: '1 1 140px', minWidth: 0 }}
        onSubmit={(event) => {
          event.preventDefault();
          if (order.filter !== '') props.onSearch();
        }}
      >
        <TextInput
          aria-label="Filter by name"
          placeholder={phone ? 'Filter' : 'Filter this folder'}
          value={order.filter}
          onChange={({ currentTarget }) => props.onOrder({ ...order, filter: currentTarget.value })}
          rightSectionWidth={88}
          rightSection={
            <Button
              type="submit"
              variant="subtle"
              size="compact-sm"
              mih={34}
              px={6}
              disabled={order.filter === '' || !live}
              leftSection={<IconSearch size={15} aria-hidden />}
            >
              Below
            </Button>
          }
          rightSectionPointerEvents="all"
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          styles={{ input: { minHeight: 40 } }}
        />
      </form>
      <Tool
        label={order.hidden ? 'Hide hidden files' : 'Show hidden files'}
        pressed={order.hidden}
        onClick={() => props.onOrder({ ...order, hidden: !order.hidden })}
      >
        {order.hidden ? <IconEye size={19} aria-hidden /> : <IconEyeOff size={19} aria-hidden />}
      </Tool>
      {!phone && (
        <Tool label="Reload" onClick={props.onReload}>
          <IconRefresh size={19} aria-hidden />
        </Tool>
      )}
      <Menu position="bottom-end" width={220}>
        <Menu.Target>
          {phone ? (
            <ActionIcon variant="subtle" c="var(--mantine-color-text)" size={44} aria-label="Folder menu">
              <IconDotsVertical size={20} aria-hidden />
            </ActionIcon>
          ) : (
            <Button mih={40} leftSection={<IconUpload size={17} aria-hidden />} disabled={!live}>
              Add
            </Button>
          )}
        </Menu.Target>
        <Menu.Dropdown>
          <Item icon={<IconUpload size={18} aria-hidden />} live={live} onClick={() => files.current?.click()}>
            Upload files
          </Item>
          <Item icon={<IconUpload size={18} aria-hidden />} live={live} onClick={() => folder.current?.click()}>
            Upload a folder
          </Item>
          <Menu.Divider />
          <Item
            icon={<IconFolderPlus size={18} aria-hidden />}
            live={live}
            onClick={() => props.onNew('create_folder')}
          >
            New folder
          </Item>
          <Item icon={<IconFilePlus size={18} aria-hidden />} live={live} onClick={() => props.onNew('create_file')}>
            New file
          </Item>
          {phone && (
            <>
              <Menu.Divider />
              <Item icon={<IconRefresh size={18} aria-hidden />} live onClick={props.onReload}>
                Reload
              </Item>
            </>
          )}
        </Menu.Dropdown>
      </Menu>
      <input
        ref={files}
        type="file"
        multiple
        hidden
        aria-label="Files to upload"
        onChange={({ currentTarget }) => take(currentTarget)}
      />
      <input
        ref={(input) => {
          folder.current = input;
          // No property of React's: the attribute is not of the standard and understood by all.
          input?.setAttribute('webkitdirectory', '');
        }}
        type="file"
        hidden
        aria-label="Folder to upload"
        onChange={({ currentTarget }) => take(currentTarget)}
      />
    </Group>
  );
}

function SelectionBar({
  phone,
  live,
  selected,
  onDownload,
  onMove,
  onCopy,
  onDelete,
  onSelectNone,
}: FilesToolbarProps) {
  return (
    <Group gap={4} wrap="nowrap" className="np-files-tools" role="toolbar" aria-label={`${selected} selected`}>
      <Tool label="Select nothing" onClick={onSelectNone}>
        <IconX size={19} aria-hidden />
      </Tool>
      <span style={{ flex: 1, whiteSpace: 'nowrap' }}>{selected} selected</span>
      {live && (
        <>
          {!phone && (
            <>
              <Button variant="subtle" mih={40} onClick={onMove}>
                Move
              </Button>
              <Button variant="subtle" mih={40} onClick={onCopy}>
                Copy
              </Button>
            </>
          )}
          <Tool label="Download selected" onClick={onDownload}>
            <IconDownload size={19} aria-hidden />
          </Tool>
          <Tool label="Delete selected" onClick={onDelete}>
            <IconTrash size={19} aria-hidden />
          </Tool>
          {phone && (
            <Menu position="bottom-end">
              <Menu.Target>
                <ActionIcon
                  variant="subtle"
                  c="var(--mantine-color-text)"
                  size={44}
                  aria-label="More for the selection"
                >
                  <IconDotsVertical size={20} aria-hidden />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item mih={44} onClick={onMove}>
                  Move
                </Menu.Item>
                <Menu.Item mih={44} onClick={onCopy}>
                  Copy
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          )}
        </>
      )}
    </Group>
  );
}

function Tool({
  label,
  pressed,
  onClick,
  children,
}: {
  label: string;
  pressed?: boolean;
  onClick: () => void;
  children: ReactNode;
}) {
  return (
    <Tooltip label={label}>
      <ActionIcon
        variant="subtle"
        c="var(--mantine-color-text)"
        size={44}
        aria-label={label}
        aria-pressed={pressed}
        onClick={onClick}
      >
        {children}
      </ActionIcon>
    </Tooltip>
  );
}

function Item({
  icon,
  live,
  onClick,
  children,
}: {
  icon: ReactNode;
  live: boolean;
  onClick: () => void;
  children: ReactNode;
}) {
  return (
    <Menu.Item mih={44} leftSection={icon} disabled={!live} onClick={onClick}>
      {children}
    </Menu.Item>
  );
}
