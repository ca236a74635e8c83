import { malformedXml } from "./errors.ts";

const NAMESPACE = "http://s3.amazonaws.com/doc/2006-03-01/";
const ESCAPES: Record<string, string> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };
const ENTITIES: Record<string, string> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

/** One element with text in it; nothing when the value is undefined. */
export function text(name: string, value: string | number | boolean | undefined): string {
  return value === undefined ? "" : `<${name}>${escapeText(String(value))}</${name}>`;
}

/** One element around others. */
export function element(name: string, ...children: readonly string[]): string {
  return `<${name}>${children.join("")}</${name}>`;
}

/** A whole answer in S3's namespace. */
export function document(name: string, ...children: readonly string[]): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<${name} xmlns="${NAMESPACE}">${children.join("")}</${name}>`;
}

/** Also escapes control characters, which keys may hold and which a parser would drop or change. */
function escapeText(value: string): string {
  return value.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: those are what has to be escaped
    /[&<>"\u0000-\u001f]/g,
    (character) => ESCAPES[character] ?? `&#x${character.charCodeAt(0).toString(16)};`,
  );
}

/** An element of a request; S3's requests carry nothing in attributes except type hints. */
export interface XmlElement {
  name: string;
  text: string;
  children: XmlElement[];
}

const TOKEN =
  /<\?.*?\?>|<!--.*?-->|<!\[CDATA\[(?<cdata>.*?)\]\]>|<(?<end>\/?)(?<name>[\w:.-]+)(?:\s[^<>]*?)?(?<empty>\/?)>|(?<text>[^<]+)/sy;

/**
 * Reads the XML of a request: elements, text, entities and CDATA. Document types are refused, so that no
 * entity can be declared. Requests of S3 are small and plain; that is all that is needed here.
 * @param root name that the outermost element must have
 * @throws AwsError MalformedXML
 */
export function parseXml(source: string, root: string): XmlElement {
  const top: XmlElement = { name: "", text: "", children: [] };
  const open: XmlElement[] = [top];
  const input = source.replace(/^\uFEFF/, "");
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < input.length) {
    const at = TOKEN.lastIndex;
    const groups = TOKEN.exec(input)?.groups;
    const current = open.at(-1) ?? top;
    if (!groups && TOKEN.lastIndex === 0) throw malformedXml(`character ${at} cannot be read`);
    if (groups?.text !== undefined) current.text += decodeText(groups.text);
    else if (groups?.cdata !== undefined) current.text += groups.cdata;
    else if (groups?.name === undefined) continue;
    else if (groups.end) {
      if (open.length < 2 || current.name !== localName(groups.name)) {
        throw malformedXml(`</${groups.name}> does not end <${current.name}>`);
      }
      open.pop();
    } else {
      const child: XmlElement = { name: localName(groups.name), text: "", children: [] };
      current.children.push(child);
      if (!groups.empty) open.push(child);
    }
  }
  const found = top.children[0];
  if (open.length > 1) throw malformedXml(`<${open.at(-1)?.name}> is not ended`);
  if (found?.name !== root || top.children.length > 1) throw malformedXml(`it must be one <${root}>`);
  return found;
}

/** The children of this name. */
export function all(parent: XmlElement, name: string): XmlElement[] {
  return parent.children.filter((child) => child.name === name);
}

/** Text of the first child of this name. */
export function textOf(parent: XmlElement, name: string): string | undefined {
  return parent.children.find((child) => child.name === name)?.text;
}

function localName(name: string): string {
  return name.slice(name.indexOf(":") + 1);
}

/** @throws AwsError MalformedXML */
function decodeText(value: string): string {
  return value.replace(/&(?:#x([0-9a-fA-F]{1,6});|#(\d{1,7});|(\w+);)?/g, (whole, hex, decimal, named) => {
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    const character = named === undefined && code <= 0x10ffff ? String.fromCodePoint(code) : ENTITIES[named];
    if (character === undefined) throw malformedXml(`the entity ${whole} is unknown`);
    return character;
  });
}
