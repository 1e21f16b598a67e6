import { printableName, printablePath } from '@netpilot/control-plane/contract/printable.ts';
import { type RouterPath, splitRouterPath } from '@netpilot/control-plane/contract/router-path.ts';
import { ActionIcon, Tooltip } from '@mantine/core';
import { IconPencil } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import { typedPath } from './typed-name.ts';

/** Where one is: every folder on the way is a button; a path can be typed as well. */
export function Breadcrumb({ path, onGo }: { path: RouterPath; onGo: (path: RouterPath) => void }) {
  const [typing, setTyping] = useState<string | null>(null);
  if (typing !== null) {
    const submit = (event: FormEvent) => {
      event.preventDefault();
      const typed = typedPath(typing);
      setTyping(null);
      if (typed !== null) onGo(typed);
    };
    return (
      <form className="np-crumbs" onSubmit={submit}>
        <input
          aria-label="Go to the folder"
          value={typing}
          onChange={({ currentTarget }) => setTyping(currentTarget.value)}
          onBlur={() => setTyping(null)}
          onKeyDown={({ key }) => key === 'Escape' && setTyping(null)}
          autoComplete="off"
          autoCapitalize="off"
          spellCheck={false}
          // oxlint-disable-next-line jsx-a11y/no-autofocus -- it opens because the person asked to type
          autoFocus
        />
      </form>
    );
  }
  return (
    <nav className="np-crumbs" aria-label="Folders" key={path}>
      <ol ref={showEnd}>
        {wayTo(path).map(({ path: each, name }, index, all) => (
          <li key={each}>
            <button
              type="button"
              aria-current={index === all.length - 1 ? 'page' : undefined}
              onClick={() => onGo(each)}
            >
              <bdi>{name}</bdi>
            </button>
          </li>
        ))}
      </ol>
      <Tooltip label="Type a path">
        <ActionIcon
          variant="subtle"
          c="var(--mantine-color-text)"
          size={40}
          aria-label="Type a path"
          onClick={() => setTyping(printablePath(path))}
        >
          <IconPencil size={16} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </nav>
  );
}

/** Where one is matters more than where the way began. */
function showEnd(list: HTMLOListElement | null): void {
  if (list) list.scrollLeft = list.scrollWidth;
}

function wayTo(path: RouterPath): { path: RouterPath; name: string }[] {
  const way: { path: RouterPath; name: string }[] = [];
  for (let at = path; at !== '/';) {
    const { folder, name } = splitRouterPath(at);
    way.unshift({ path: at, name: printableName(name) });
    at = folder;
  }
  return [{ path: '/', name: '/' }, ...way];
}
