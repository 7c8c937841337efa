/** The steps of writing a job, after the template is known: parameters, schedule, review. New, edit and duplicate share them. */
import { Button } from '@mantine/core';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type ReactNode, useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Template } from '../../api/client';
import { type Fault, Problem } from '../../api/problem';
import { secretsQuery } from '../../api/queries';
import { check, type Problems } from '../../form/check';
import { Trouble } from '../../parts/states';
import { usePreview } from '../../schedule/PreviewPanel';
import { type Draft, requestOf, type Step, schemaOf, stepOf } from './draft';
import { ParametersStep } from './ParametersStep';
import { ReviewStep } from './ReviewStep';
import { ScheduleStep } from './ScheduleStep';
import { StepBar } from './StepBar';

export interface EditorProps {
  mode: 'new' | 'edit';
  template: Template;
  draft: Draft;
  change: (draft: Draft) => void;
  step: Step;
  go: (step: Step) => void;
  /** Sends it; what is refused is thrown. */
  save: (request: ReturnType<typeof requestOf>) => Promise<void>;
  call: { method: string; path: string };
  cancel: ReactNode;
}

export function Editor(props: EditorProps) {
  const { mode, template, draft, change, step, go } = props;
  const { t } = useTranslation();
  const schema = schemaOf(template);
  const [revealed, setRevealed] = useState(false);
  const [broken, setBroken] = useState<Problems>(new Map());
  const [faults, setFaults] = useState<Fault[]>([]);
  const secrets = useQuery(secretsQuery());
  const schedule = usePreview(draft.schedule);
  const save = useMutation({
    mutationFn: () => props.save(requestOf(draft)),
    onError: (error) => {
      const found = Problem.from(error).faults;
      setFaults(found);
      setRevealed(true);
      const first = found[0];
      if (first) go(stepOf(first));
    },
  });
  const server = useMemo(() => {
    const own = faults.filter(({ pointer }) => pointer.startsWith('/parameters'));
    return new Map(own.map(({ pointer, message }) => [pointer.slice('/parameters'.length), message]));
  }, [faults]);
  const suggestions = useMemo(() => ({ secret: (secrets.data ?? []).map(({ label }) => label) }), [secrets.data]);

  const edit = (next: Draft) => {
    // A server's problem stands until what it speaks of is changed.
    if (faults.length > 0) setFaults(faults.filter(({ pointer }) => sameAt(draft, next, pointer)));
    change(next);
  };
  const parametersOk = () =>
    draft.name.trim() !== '' && broken.size === 0 && check(schema, draft.parameters).size === 0;
  const leave = (to: Step) => {
    if (step === 'parameters' && to !== 'template' && !parametersOk()) {
      setRevealed(true);
      queueMicrotask(() => document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
      return;
    }
    if (step === 'schedule' && to === 'review' && schedule.preview.isError) return;
    setRevealed(false);
    go(to);
    window.scrollTo({ top: 0 });
  };
  // A press takes the focus from a field only afterwards: a message that shows as a field is left would move the button
  // from under the pointer. What the field still holds is taken in first.
  const latest = useRef({ leave, send: () => save.mutate() });
  latest.current = { leave, send: () => save.mutate() };
  const press = (act: (now: typeof latest.current) => void) => {
    if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
    setTimeout(() => act(latest.current));
  };
  const back: Partial<Record<Step, Step>> = {
    parameters: mode === 'new' ? 'template' : undefined,
    schedule: 'parameters',
    review: 'schedule',
  };
  const next: Partial<Record<Step, Step>> = { parameters: 'schedule', schedule: 'review' };
  const before = back[step];
  const after = next[step];
  return (
    <>
      <StepBar step={step} mode={mode} go={leave} />
      {faults.length > 0 && step !== 'review' && <FaultNote faults={faults} step={step} />}
      {step === 'parameters' && (
        <ParametersStep
          template={template}
          draft={draft}
          change={edit}
          reveal={revealed}
          faults={faults}
          serverProblems={server}
          suggestions={suggestions}
          onProblems={setBroken}
        />
      )}
      {step === 'schedule' && (
        <ScheduleStep template={template} draft={draft} change={edit} schedule={schedule} faults={faults} />
      )}
      {step === 'review' && (
        <ReviewStep
          template={template}
          draft={draft}
          change={edit}
          text={schedule.preview.data?.text}
          call={props.call}
          mode={mode}
        />
      )}
      {save.isError && faults.length === 0 && <Trouble error={save.error} />}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: it only keeps the focus where it is */}
      <div className="sg-editor-foot" onMouseDown={(event) => event.preventDefault()}>
        <div>
          {before && (
            <Button variant="default" onClick={() => press((now) => now.leave(before))}>
              {t('editor.back')}
            </Button>
          )}
          {props.cancel}
        </div>
        <div>
          {mode === 'edit' && step !== 'review' && (
            <Button variant="default" onClick={() => press((now) => now.leave('review'))}>
              {t('editor.to_review')}
            </Button>
          )}
          {after ? (
            <Button onClick={() => press((now) => now.leave(after))}>{t('editor.next')}</Button>
          ) : (
            <Button loading={save.isPending} onClick={() => press((now) => now.send())}>
              {mode === 'edit' ? t('editor.save') : draft.run_now ? t('editor.create_and_run') : t('editor.create')}
            </Button>
          )}
        </div>
      </div>
    </>
  );
}

/** Problems that the server found and no field shows. */
function FaultNote({ faults, step }: { faults: Fault[]; step: Step }) {
  const { t } = useTranslation();
  return (
    <div className="sg-note" data-tone="failed" role="alert">
      <p>
        <strong>{t('editor.refused', { count: faults.length })}</strong>
      </p>
      <ul>
        {faults.map((fault) => (
          <li key={fault.pointer + fault.code}>
            <code>{fault.pointer}</code> {fault.message}
            {stepOf(fault) !== step && ` (${t(`editor.steps.${stepOf(fault)}`)})`}
          </li>
        ))}
      </ul>
    </div>
  );
}

function sameAt(before: unknown, after: unknown, pointer: string): boolean {
  const at = (value: unknown) =>
    pointer
      .split('/')
      .slice(1)
      .reduce<unknown>(
        (place, key) =>
          (place as Record<string, unknown> | undefined)?.[key.replaceAll('~1', '/').replaceAll('~0', '~')],
        value,
      );
  return JSON.stringify(at(before)) === JSON.stringify(at(after));
}
