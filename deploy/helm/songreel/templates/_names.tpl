{{/*
Names and labels. Every template below takes the same dictionary, `it`:
  root: the top-level context     name: "audio"     values: .Values.audio
*/}}

{{- define "songreel.fullname" -}}
{{- .root.Release.Name | trunc 40 | trimSuffix "-" }}-{{ .name }}
{{- end }}

{{- define "songreel.selector" -}}
app.kubernetes.io/name: songreel-{{ .name }}
app.kubernetes.io/instance: {{ .root.Release.Name }}
{{- end }}

{{/* Of pods: nothing of the chart's version, which would start all of them anew. */}}
{{- define "songreel.podLabels" -}}
{{ include "songreel.selector" . }}
app.kubernetes.io/component: {{ .name }}
app.kubernetes.io/part-of: songreel
{{- end }}

{{- define "songreel.labels" -}}
{{ include "songreel.podLabels" . }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{- define "songreel.metadata" -}}
metadata:
  name: {{ include "songreel.fullname" . }}
  namespace: {{ .root.Release.Namespace }}
  labels:
    {{- include "songreel.labels" . | nindent 4 }}
{{- end }}

{{/* image and registry: a digest wins over a tag, the chart's version stands in for both. */}}
{{- define "songreel.image" -}}
{{- $registry := .root.Values.imageRegistry }}
{{- $name := .image.repository }}
{{- if and $registry (not .foreign) }}{{ $name = printf "%s/%s" $registry $name }}{{ end }}
{{- if .image.digest }}
{{- printf "%s@%s" $name .image.digest }}
{{- else }}
{{- printf "%s:%s" $name (.image.tag | default .root.Chart.AppVersion) }}
{{- end }}
{{- end }}

{{- define "songreel.storeEndpoint" -}}
{{- if .Values.trial.store.enabled -}}
{{ include "songreel.fullname" (dict "root" $ "name" "store") }}:8080
{{- else -}}
{{ required "store.endpoint is needed: the host of your S3 endpoint, or trial.store.enabled=true" .Values.store.endpoint }}
{{- end }}
{{- end }}
