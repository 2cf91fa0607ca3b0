{{/*
The arrows of the drawing in docs/operate/network.md, and no others. A policy names
both directions, so what is not allowed here is refused.
*/}}

{{- define "songreel.peer" -}}
- podSelector:
    matchLabels:
      {{- include "songreel.selector" . | nindent 6 }}
{{- end }}

{{- define "songreel.toDns" -}}
- to:
    {{- toYaml .root.Values.networkPolicy.dns | nindent 4 }}
  ports:
    - {protocol: UDP, port: 53}
    - {protocol: TCP, port: 53}
{{- end }}

{{- define "songreel.toStore" -}}
{{- $values := .root.Values }}
- to:
    {{- if $values.trial.store.enabled }}
    {{- include "songreel.peer" (dict "root" .root "name" "store") | nindent 4 }}
    {{- else }}
    {{- if not $values.store.peers }}{{ fail "store.peers is needed with networkPolicy.enabled: where the S3 endpoint is, for example [{ipBlock: {cidr: 203.0.113.0/24}}]" }}{{ end }}
    {{- toYaml $values.store.peers | nindent 4 }}
    {{- end }}
  ports:
    - {protocol: TCP, port: {{ ternary 8080 $values.store.port $values.trial.store.enabled }}}
{{- end }}

{{- define "songreel.toDatabase" -}}
{{- $values := .Values }}
- to:
    {{- if $values.trial.postgres.enabled }}
    {{- include "songreel.peer" (dict "root" $ "name" "postgres") | nindent 4 }}
    {{- else }}
    {{- if not $values.database.peers }}{{ fail "database.peers is needed with networkPolicy.enabled: where your Postgres is, for example [{ipBlock: {cidr: 203.0.113.7/32}}]" }}{{ end }}
    {{- toYaml $values.database.peers | nindent 4 }}
    {{- end }}
  ports:
    - {protocol: TCP, port: {{ ternary 5432 $values.database.port $values.trial.postgres.enabled }}}
{{- end }}

{{- define "songreel.toCollector" -}}
{{- with .Values.tracing }}
{{- if .endpoint }}
{{- if not .peers }}{{ fail "tracing.peers is needed with tracing.endpoint and networkPolicy.enabled: where the collector is" }}{{ end }}
- to:
    {{- toYaml .peers | nindent 4 }}
  ports:
    - {protocol: TCP, port: {{ .port }}}
{{- end }}
{{- end }}
{{- end }}

{{/* from: YAML list of peers that may call port 50051; to: YAML list of egress rules. */}}
{{- define "songreel.policy" -}}
{{- if .root.Values.networkPolicy.enabled }}
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
{{ include "songreel.metadata" . }}
spec:
  podSelector:
    matchLabels:
      {{- include "songreel.selector" . | nindent 6 }}
  policyTypes: [Ingress, Egress]
  ingress:
    - from:
        {{- .from | nindent 8 }}
      ports:
        - {protocol: TCP, port: 50051}
    {{- with .root.Values.networkPolicy.prometheus }}
    - from:
        {{- toYaml . | nindent 8 }}
      ports:
        - {protocol: TCP, port: 9464}
    {{- end }}
  egress:
    {{- include "songreel.toDns" . | nindent 4 }}
    {{- include "songreel.toStore" . | nindent 4 }}
    {{- with include "songreel.toCollector" .root | trim }}
    {{- . | nindent 4 }}
    {{- end }}
    {{- with .to }}
    {{- . | nindent 4 }}
    {{- end }}
{{- end }}
{{- end }}

{{/* All of a stage's objects: it is called by the gateway, and by those that `callers`
names, and writes to the store. */}}
{{- define "songreel.stage" -}}
{{- $from := list }}
{{- range $name := prepend (.callers | default list) "gateway" }}
{{- $from = append $from (include "songreel.peer" (dict "root" $.root "name" $name)) }}
{{- end }}
{{- $it := merge (dict "from" (join "\n" $from)) . }}
{{- include "songreel.account" $it }}
---
{{ include "songreel.deployment" $it }}
---
{{ include "songreel.service" $it }}
---
{{ include "songreel.scaling" $it }}
---
{{ include "songreel.budget" $it }}
---
{{ include "songreel.policy" $it }}
{{- end }}
