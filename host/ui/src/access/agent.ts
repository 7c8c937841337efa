/** What a browser calls itself, as people call it. */
const BROWSERS: [string, RegExp][] = [
  ['Edge', /Edg(?:e|A|iOS)?\/(\d+)/],
  ['Opera', /OPR\/(\d+)/],
  ['Firefox', /(?:Firefox|FxiOS)\/(\d+)/],
  ['Chrome', /(?:Chrome|CriOS|HeadlessChrome)\/(\d+)/],
  ['Safari', /Version\/(\d+).*Safari/],
];
const SYSTEMS: [string, RegExp][] = [
  ['Android', /Android/],
  ['iOS', /iPhone|iPad/],
  ['Windows', /Windows/],
  ['macOS', /Mac OS X/],
  ['Linux', /Linux/],
];

export function browserOf(agent: string | null | undefined): string | null {
  if (!agent) return null;
  for (const [name, pattern] of BROWSERS) {
    const found = pattern.exec(agent);
    if (!found) continue;
    const system = SYSTEMS.find(([, of]) => of.test(agent))?.[0];
    return system ? `${name} ${found[1]} · ${system}` : `${name} ${found[1]}`;
  }
  return agent.length > 40 ? `${agent.slice(0, 40)}…` : agent;
}
