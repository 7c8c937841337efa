/** Names and values of an object, and JSON as text. */
import { ActionIcon, CopyButton, Tooltip } from '@mantine/core';
import IconCheck from '@tabler/icons-react/dist/esm/icons/IconCheck.mjs';
import IconCopy from '@tabler/icons-react/dist/esm/icons/IconCopy.mjs';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';

export function Details({ rows }: { rows: [string, ReactNode][] }) {
  return (
    <dl className="sg-details">
      {rows
        .filter(([, value]) => value !== null && value !== undefined && value !== '')
        .map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{value}</dd>
          </div>
        ))}
    </dl>
  );
}

/** Members as rows where they are simple, as JSON where not. */
export function Members({ value }: { value: unknown }) {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return <Code text={JSON.stringify(value, null, 2)} />;
  const rows = Object.entries(value).map(([key, member]): [string, ReactNode] => [
    key,
    typeof member === 'object' && member !== null ? (
      <code key={key} className="sg-json">
        {JSON.stringify(member)}
      </code>
    ) : (
      <span key={key} className="sg-mono">
        {String(member)}
      </span>
    ),
  ]);
  return <Details rows={rows} />;
}

export function Code({ text }: { text: string }) {
  return (
    <div className="sg-code">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled has to be reached by keyboard */}
      <pre tabIndex={0}>{text}</pre>
      <Copy text={text} />
    </div>
  );
}

export function Copy({ text }: { text: string }) {
  const { t } = useTranslation();
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Tooltip label={copied ? t('parts.copied') : t('parts.copy')}>
          <ActionIcon variant="subtle" onClick={copy} aria-label={t('parts.copy')} className="sg-copy">
            {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
          </ActionIcon>
        </Tooltip>
      )}
    </CopyButton>
  );
}

/** A long name: the middle goes when there is no room, and the whole stands in the title. */
export function Name({ text }: { text: string }) {
  const tail = text.length > 24 ? text.slice(-8) : '';
  return (
    <span className="sg-name" title={text}>
      <span aria-hidden="true">{tail ? text.slice(0, -8) : text}</span>
      {tail && <span aria-hidden="true">{tail}</span>}
      {/* Two boxes would be read as two words. */}
      <span className="sg-hidden">{text}</span>
    </span>
  );
}
