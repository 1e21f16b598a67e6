import { createHash } from 'node:crypto';

/** Somebody who can sign in at the demo identity provider. */
export interface DemoPerson {
  /** Claim `sub`; letters, digits and hyphens. */
  subject: string;
  name: string;
  email: string;
  /** What they are in the demo, shown below the name. */
  note?: string;
}

const STYLE = `
:root { color-scheme: light dark; font-family: system-ui, sans-serif; line-height: 1.5 }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: #f4f5f7; color: #16181d }
main { width: min(26rem, calc(100vw - 2rem)) }
.mark { background: #ffd43b; color: #16181d; font-weight: 700; padding: .25rem .75rem; border-radius: .25rem; display: inline-block }
button { display: block; width: 100%; min-height: 3.5rem; margin: .75rem 0; padding: .5rem 1rem; text-align: left; font: inherit; font-weight: 600;
  color: inherit; background: #fff; border: 1px solid #767b86; border-radius: .5rem; cursor: pointer }
button small { display: block; font-weight: 400 }
button:hover { border-color: #1864ab } button:focus-visible { outline: 3px solid #1864ab; outline-offset: 2px }
@media (prefers-color-scheme: dark) { body { background: #16181d; color: #f1f3f5 } button { background: #24272e; border-color: #868e96 } }
`;

/** Value of Content-Security-Policy for {@link loginPage}: its own style and nothing else. */
export const LOGIN_PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; frame-ancestors 'none'; base-uri 'none'`;

/** The page on which a demo person is chosen; posts `subject` to the address it was loaded from. */
export function loginPage(people: readonly DemoPerson[]): string {
  const buttons = people.map((person) => {
    const first = person.name.split(' ')[0] ?? person.name;
    const note = [person.note, person.email].filter((text) => text !== undefined).join(', ');
    const id = `note-${escapeHtml(person.subject)}`;
    return `<button name="subject" value="${escapeHtml(person.subject)}" aria-label="Continue as ${escapeHtml(first)}" aria-describedby="${id}">Continue as ${escapeHtml(first)}<small id="${id}">${escapeHtml(note)}</small></button>`;
  });
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>DEMO sign-in</title><style>${STYLE}</style></head>
<body><main>
<p class="mark">DEMO</p>
<h1>Who are you today?</h1>
<p>This identity provider is for trying things out on this machine. It asks for no password and is never part of a real installation.</p>
<form method="post">
${buttons.join('\n')}
</form>
</main></body>
</html>
`;
}

/** Text for HTML content and quoted attributes. */
export function escapeHtml(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/gu, (character) => entities[character] ?? character);
}
