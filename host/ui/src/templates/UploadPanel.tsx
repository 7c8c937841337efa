/** Takes components in: dropped or chosen, sent with their progress, and answered in words. */
import { Button } from '@mantine/core';
import IconUpload from '@tabler/icons-react/dist/esm/icons/IconUpload.mjs';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type DragEvent, type ReactNode, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Template } from '../api/client';
import { Problem } from '../api/problem';
import { bytes } from '../parts/time';
import { Needs } from './Needs';
import { templatesChanged } from './queries';
import { upload } from './upload';

interface Sending {
  id: number;
  name: string;
  size: number;
  /** Of its bytes, from 0 to 1. */
  share: number;
  stop: () => void;
  problem?: Problem;
  template?: Template;
}

export interface Uploads {
  list: Sending[];
  /** Whether a file hangs over the page. */
  isOver: boolean;
  choose: () => void;
  close: (id: number) => void;
  /** For whatever files may be dropped on. */
  target: {
    onDragOver: (event: DragEvent) => void;
    onDragLeave: (event: DragEvent) => void;
    onDrop: (event: DragEvent) => void;
  };
  /** The hidden field of the browser's own dialogue. */
  field: ReactNode;
}

/** One after the other: the server compiles one at a time anyway. */
export function useUploads(): Uploads {
  const { t } = useTranslation();
  const client = useQueryClient();
  const [list, setList] = useState<Sending[]>([]);
  const [isOver, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const next = useRef(0);
  const chain = useRef(Promise.resolve());
  const set = (id: number, change: Partial<Sending>) =>
    setList((before) => before.map((one) => (one.id === id ? { ...one, ...change } : one)));

  const send = (files: Iterable<File>) => {
    for (const file of files) {
      const id = next.current++;
      const controller = new AbortController();
      const { name, size } = file;
      setList((before) => [...before, { id, name, size, share: 0, stop: () => controller.abort() }]);
      chain.current = chain.current.then(async () => {
        try {
          if (controller.signal.aborted) throw new Problem(0, 'stopped', t('upload.stopped'), null, []);
          const template = await upload(file, (share) => set(id, { share }), controller.signal);
          set(id, { share: 1, template });
          templatesChanged(client);
        } catch (thrown) {
          set(id, { problem: Problem.from(thrown) });
        }
      });
    }
  };
  return {
    list,
    isOver,
    choose: () => input.current?.click(),
    close: (id) => setList((before) => before.filter((one) => one.id !== id)),
    target: {
      onDragOver: (event) => {
        if (!event.dataTransfer.types.includes('Files')) return;
        event.preventDefault();
        setOver(true);
      },
      onDragLeave: (event) => {
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setOver(false);
      },
      onDrop: (event) => {
        event.preventDefault();
        setOver(false);
        send(event.dataTransfer.files);
      },
    },
    field: (
      <input
        ref={input}
        type="file"
        accept=".wasm,application/wasm"
        multiple
        hidden
        aria-label={t('upload.file')}
        onChange={(event) => {
          send([...(event.currentTarget.files ?? [])]);
          event.currentTarget.value = '';
        }}
      />
    ),
  };
}

export function UploadPanel({ uploads }: { uploads: Uploads }) {
  const { t } = useTranslation();
  return (
    <section className="sg-uploads" aria-label={t('upload.title')}>
      <div className="sg-drop" data-over={uploads.isOver || undefined}>
        <IconUpload size={20} stroke={1.6} aria-hidden="true" />
        <span>
          {t('upload.drop')}{' '}
          <button type="button" className="sg-link" onClick={uploads.choose}>
            {t('upload.choose')}
          </button>
          . <span className="sg-soft">{t('upload.nothing_granted')}</span>
        </span>
        {uploads.field}
      </div>
      <div aria-live="polite">
        {uploads.list.map((one) => (
          <Sent key={one.id} one={one} close={() => uploads.close(one.id)} />
        ))}
      </div>
    </section>
  );
}

function Sent({ one, close }: { one: Sending; close: () => void }) {
  const { t } = useTranslation();
  const { problem, template } = one;
  return (
    <article className="sg-note sg-upload" data-tone={problem ? 'failed' : undefined}>
      <header className="sg-upload-head">
        <strong className="sg-break">
          {one.name} <span className="sg-soft">{bytes(one.size)}</span>
        </strong>
        {problem || template ? (
          <Button size="compact-sm" variant="subtle" onClick={close}>
            {t('parts.close')}
          </Button>
        ) : (
          <Button size="compact-sm" variant="subtle" onClick={one.stop}>
            {t('upload.stop')}
          </Button>
        )}
      </header>
      {!problem && !template && (
        <>
          <progress
            className="sg-progress"
            aria-label={one.name}
            value={one.share < 1 ? one.share : undefined}
            max={1}
          />
          <p className="sg-soft">{one.share < 1 ? t('upload.sending') : t('upload.examining')}</p>
        </>
      )}
      {problem && <Refused problem={problem} />}
      {template && <Taken template={template} />}
    </article>
  );
}

function Refused({ problem }: { problem: Problem }) {
  const { t } = useTranslation();
  return (
    <div role="alert">
      <p>
        <strong>{t(`upload.causes.${problem.code}`, { defaultValue: t('upload.refused') })}</strong>
      </p>
      <p className="sg-break">{problem.message}</p>
      {problem.faults.map((fault) => (
        <p key={fault.pointer + fault.message}>{fault.message}</p>
      ))}
      <p className="sg-soft">
        {t('upload.unchanged')}
        {problem.requestId && (
          <>
            {' '}
            {t('states.request')} <code>{problem.requestId}</code>
          </>
        )}
      </p>
    </div>
  );
}

/** What became of it, what it asks for, and the next step. */
function Taken({ template }: { template: Template }) {
  const { t } = useTranslation();
  const waits = template.state === 'awaiting_approval';
  const params = { type: template.type };
  return (
    <>
      <p>
        <strong>
          {template.icon} {template.name} {template.version}
        </strong>{' '}
        {t(`upload.became.${template.state}`, { defaultValue: template.state_reason ?? '' })}
      </p>
      {!waits && (
        <>
          <h2 className="sg-upload-title">{t('templates.needs')}</h2>
          <Needs template={template} />
        </>
      )}
      <div className="sg-row sg-row-tight">
        {template.state === 'not_granted' && (
          <Button size="xs" component={Link} to={`/templates/${template.type}/grant`}>
            {t('grant.review')}
          </Button>
        )}
        <Button
          size="xs"
          variant={template.state === 'not_granted' ? 'default' : 'filled'}
          component={Link}
          to={`/templates/${params.type}`}
        >
          {waits ? t('waiting.see') : t('upload.open')}
        </Button>
      </div>
    </>
  );
}
