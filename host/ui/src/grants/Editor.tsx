/** A grant while it is written: what is asked beside what is given, and what it would come to before it holds. */
import { Button } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link, useNavigate } from '@tanstack/react-router';
import { useMemo, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../access/may';
import { api, ask, type Grant, type Template } from '../api/client';
import { type Fault, Problem } from '../api/problem';
import { secretsQuery } from '../api/queries';
import { curlOf } from '../jobs/editor/draft';
import { Code } from '../parts/Details';
import { Trouble } from '../parts/states';
import { Confirm } from '../templates/Confirm';
import { needsOf } from '../templates/Needs';
import { grantCheckQuery, templatesChanged } from '../templates/queries';
import { askedFor, difference, linesOf, type Right, rightFor, standing, withRight } from '../templates/rights';
import { Asked } from './Asked';
import { Consequences } from './Consequences';
import { LimitFields } from './LimitFields';
import { LIMITS, type Limits, setOnly } from './limits';
import { RightFields } from './RightFields';

interface Row {
  key: number;
  right: Right;
  /** Its target has been left once, so that a problem of it may be told. */
  touched: boolean;
}

interface Props {
  template: Template;
  version: { needs: Template['needs']; version: string };
  grant: Grant;
  /** A right that somebody came here to give. */
  offered: Right | undefined;
}

const CHECK_AFTER_MS = 350;

export function Editor({ template, version, grant, offered }: Props) {
  const { t } = useTranslation();
  const may = useMay();
  const client = useQueryClient();
  const navigate = useNavigate();
  const { type } = template;
  // The version that was opened, whatever is read later.
  const [opened, setOpened] = useState(grant);
  const before = opened.rights as unknown as Right[];
  const next = useRef(0);
  const rowsOf = (rights: Right[]): Row[] => rights.map((right) => ({ key: next.current++, right, touched: true }));
  const [rows, setRows] = useState<Row[]>(() => rowsOf(offered ? withRight(before, offered) : before));
  const [limits, setLimits] = useState<Limits>(opened.limits as Limits);
  const [faults, setFaults] = useState<Fault[]>([]);
  const [revoking, setRevoking] = useState(false);
  const secrets = useQuery(secretsQuery());
  const needs = needsOf(version);
  const rights = rows.map(({ right }) => right);
  const body = { digest: opened.digest, rights, limits: setOnly(limits) };
  const [settled] = useDebouncedValue(body, CHECK_AFTER_MS);
  const isSettled = JSON.stringify(settled) === JSON.stringify(body);
  const check = useQuery(grantCheckQuery(type, settled));
  const isStale = grant.version !== opened.version;

  const save = useMutation({
    mutationFn: () =>
      ask(
        api.PUT('/api/admin/scheduler/templates/{type}/grant', {
          params: { path: { type }, header: { 'If-Match': `"${opened.version}"` } },
          body: body as never,
        }),
      ),
    onSuccess: () => done(t('grant.saved', { name: template.name })),
    onError: (error) => {
      setFaults(Problem.from(error).faults);
      setRows((all) => all.map((row) => ({ ...row, touched: true })));
      queueMicrotask(() => document.querySelector<HTMLElement>('[aria-invalid="true"]')?.focus());
    },
  });
  const revoke = useMutation({
    mutationFn: () =>
      ask(
        api.DELETE('/api/admin/scheduler/templates/{type}/grant', {
          params: {
            path: { type },
            query: { digest: opened.digest },
            header: { 'If-Match': `"${opened.version}"` },
          },
        }),
      ),
    onSuccess: () => {
      setRevoking(false);
      done(t('grant.revoked', { name: template.name }));
    },
  });
  const done = (message: string) => {
    templatesChanged(client);
    notifications.show({ message });
    void navigate({ to: '/templates/$type', params: { type } });
  };

  const edit = (change: (all: Row[]) => Row[]) => {
    setFaults([]);
    setRows(change);
  };
  const add = (right: Right) =>
    edit((all) => {
      const own = all.map((row) => row.right);
      const merged = withRight(own, right);
      if (merged === own) return all;
      return merged.map((one, index) => {
        const row = all[index];
        return row ? { ...row, right: one } : { key: next.current++, right: one, touched: true };
      });
    });

  // What the server says of these very rights, at the press of a button or a moment after a key.
  const told = isSettled && check.isError ? Problem.from(check.error).faults : [];
  const found = faults.length > 0 ? faults : told;
  const at = (pointer: string) => found.find((fault) => fault.pointer === pointer)?.message;
  const warnings = isSettled ? (check.data?.warnings ?? []) : [];
  const warningsOf = (index: number) =>
    warnings.filter(({ pointer }) => pointer.startsWith(`/rights/${index}/`)).map(({ message }) => message);
  const isShown = ({ pointer }: Fault) => /^\/(rights\/\d+\/|limits\/)/.test(pointer);
  const homeless = found.filter((fault) => !isShown(fault));

  const targets = useMemo(() => {
    const offer = opened.offer;
    const of = (capability: string, ...known: string[]) => [
      ...new Set([...needs.filter((need) => need.capability === capability).map((need) => need.target), '*', ...known]),
    ];
    return {
      documents: of('documents', ...offer.connections.filter((one) => one !== 'default').map((one) => `${one}/*`)),
      http: of('http'),
      email: of('email', ...offer.identities),
      files: of('files', ...offer.folders),
      secrets: of('secrets', ...(secrets.data ?? []).map(({ label }) => label)),
      insight: of('insight', 'runs'),
    };
  }, [opened.offer, needs, secrets.data]);

  const changes = difference(before, rights);
  const isChanged =
    changes.added.length > 0 ||
    changes.removed.length > 0 ||
    LIMITS.some((name) => (limits[name] ?? null) !== ((opened.limits as Limits)[name] ?? null));
  const fresh = new Set(changes.added.map((line) => JSON.stringify(line)));
  const isNew = (right: Right) => linesOf([right]).some((line) => fresh.has(JSON.stringify(line)));

  return (
    <>
      {isStale && (
        <div className="sg-note sg-spaced" data-tone="timeout" role="alert">
          <p>{t('grant.changed_meanwhile')}</p>
          <Button
            size="xs"
            variant="default"
            onClick={() => {
              setOpened(grant);
              setRows(rowsOf(grant.rights as unknown as Right[]));
              setLimits(grant.limits as Limits);
              setFaults([]);
            }}
          >
            {t('editor.take_theirs')}
          </Button>
        </div>
      )}
      <div className="sg-two">
        <div className="sg-stack">
          <Asked
            needs={needs}
            standing={(need) => standing(need, rights)}
            give={(need) => add(rightFor(need))}
            giveAll={() => edit(() => rowsOf(askedFor(needs)))}
          />
          <section className="sg-panel">
            <div className="sg-section-head">
              <h2 className="sg-panel-title">{t('grant.rights')}</h2>
              <Button
                size="xs"
                variant="default"
                onClick={() => {
                  const key = next.current++;
                  const first = needs[0]?.capability ?? 'documents';
                  edit((all) => [
                    ...all,
                    { key, right: { capability: first, target: '', access: [] }, touched: false },
                  ]);
                }}
              >
                {t('grant.add')}
              </Button>
            </div>
            {rows.length === 0 && <p className="sg-soft">{t('grant.nothing')}</p>}
            {rows.map(({ key, right, touched }, index) => (
              <RightFields
                key={key}
                right={right}
                place={index + 1}
                needs={needs}
                targets={targets}
                isNew={isNew(right)}
                problemAt={(field) => (touched ? at(`/rights/${index}/${field}`) : undefined)}
                warnings={warningsOf(index)}
                change={(changed) =>
                  edit((all) => all.map((row) => (row.key === key ? { ...row, right: changed } : row)))
                }
                remove={() => edit((all) => all.filter((row) => row.key !== key))}
                touch={() => setRows((all) => all.map((row) => (row.key === key ? { ...row, touched: true } : row)))}
              />
            ))}
            {before.length > 0 && may('revoke_grant') && (
              <Button
                size="xs"
                variant="subtle"
                className="sg-revoke"
                color="var(--sg-failed)"
                onClick={() => setRevoking(true)}
              >
                {t('grant.revoke')}
              </Button>
            )}
          </section>
          <section className="sg-panel">
            <details className="sg-more-options sg-first-option" open={LIMITS.some((name) => limits[name] != null)}>
              <summary>{t('grant.limits')}</summary>
              <LimitFields
                limits={limits}
                most={opened.offer.limits as Limits}
                problemAt={at}
                change={(changed) => {
                  setFaults([]);
                  setLimits(changed);
                }}
              />
            </details>
          </section>
        </div>
        <div className="sg-stack sg-preview">
          <Consequences
            changes={changes}
            isChanged={isChanged}
            check={isSettled && !check.isError ? check.data : undefined}
            isPending={!isSettled || check.isFetching}
            faults={found.length}
            give={add}
          />
          <details className="sg-panel">
            <summary>{t('editor.call')}</summary>
            <Code text={curlOf('PUT', `/templates/${type}/grant`, body)} />
          </details>
        </div>
      </div>
      {homeless.length > 0 && (
        <div className="sg-note sg-section" data-tone="failed" role="alert">
          <ul>
            {homeless.map((fault) => (
              <li key={fault.pointer + fault.code}>
                <code>{fault.pointer}</code> {fault.message}
              </li>
            ))}
          </ul>
        </div>
      )}
      {save.isError && faults.length === 0 && <Trouble error={save.error} />}
      <div className="sg-editor-foot">
        <div>
          <Button variant="default" component={Link} to={`/templates/${type}`}>
            {t('editor.cancel')}
          </Button>
        </div>
        <div>
          <Button loading={save.isPending} disabled={!isChanged && opened.version > 0} onClick={() => save.mutate()}>
            {t('grant.save')}
          </Button>
        </div>
      </div>
      <Confirm
        opened={revoking}
        close={() => setRevoking(false)}
        title={t('grant.revoke_title', { name: template.name })}
        act={t('grant.revoke')}
        mutation={revoke}
      >
        {t('grant.revoke_text')}
      </Confirm>
    </>
  );
}
