import type { Hyperlink } from './headless.ts';

/** Characters of an address, and of a name that ties the parts of a link together, that are written again. */
const LONGEST_ADDRESS = 2_048;
const LONGEST_NAME = 128;
/** Characters of all addresses in one screen; what comes then leads nowhere. */
const MOST_TEXT = 262_144;

/** Printable ASCII, as a URI is (RFC 3986), of the schemes that a page may open. */
const WEB_ADDRESS = /^https?:\/\/[!-~]+$/iu;
/** Nothing that ends the parameters of OSC 8 or begins the next of them. */
const NAME = /^[!-9<-~]+$/u;

/** Looks like a link and opens nothing: no page follows an address that is not of the web. */
const NOWHERE = 'about:blank';
const END = '\u001b]8;;\u001b\\';

/** Number of a link that is in no screen. */
export const SOME_LINK = -1;

/** Writes the hyperlinks (OSC 8) of one screen. Addresses of the web come back; all others, and those that are too long, look like links only. */
export class LinkWriter {
  readonly #lookUp: (id: number) => Hyperlink | undefined;
  #open = 0;
  #text = 0;

  constructor(lookUp: (id: number) => Hyperlink | undefined) {
    this.#lookUp = lookUp;
  }

  /** @param id of the link that what comes next is a part of; 0 for none. @returns the sequence that has to be written for it. */
  to(id: number): string {
    if (id === this.#open) return '';
    this.#open = id;
    if (id === 0) return END;
    const { id: name = '', uri = NOWHERE } = this.#lookUp(id) ?? {};
    const parameters = name.length <= LONGEST_NAME && NAME.test(name) ? `id=${name}` : '';
    return `\u001b]8;${parameters};${this.#address(uri)}\u001b\\`;
  }

  #address(uri: string): string {
    if (uri.length > LONGEST_ADDRESS || !WEB_ADDRESS.test(uri)) return NOWHERE;
    this.#text += uri.length;
    return this.#text > MOST_TEXT ? NOWHERE : uri;
  }
}
