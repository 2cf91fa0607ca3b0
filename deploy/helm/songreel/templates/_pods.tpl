{{/* What all pods of the release have in common. */}}

{{- define "songreel.podSecurity" -}}
automountServiceAccountToken: {{ .token | default false }}
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ .uid | default 10001 }}
  runAsGroup: {{ .uid | default 10001 }}
  fsGroup: {{ .uid | default 10001 }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: {type: RuntimeDefault}
{{- with .root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}

{{- define "songreel.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: {drop: [ALL]}
{{- end }}

{{/* Spread over nodes and zones, as far as there are any. */}}
{{- define "songreel.spread" -}}
topologySpreadConstraints:
  {{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
  - topologyKey: {{ $key }}
    maxSkew: 1
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "songreel.selector" $ | nindent 8 }}
    {{- if ne $.kind "StatefulSet" }}
    matchLabelKeys: [pod-template-hash]
    {{- end }}
  {{- end }}
{{- end }}

{{/* A setting that comes from the release's Secret. */}}
{{- define "songreel.secretEnv" -}}
- name: {{ .variable }}
  valueFrom:
    secretKeyRef: {name: {{ .root.Values.secretName }}, key: {{ .key }}}
{{- end }}

{{/* Environment of every service; `prefix` is that of its settings. */}}
{{- define "songreel.env" -}}
{{- $prefix := printf "SONGREEL_%s_" (upper .name) -}}
{{- $store := .root.Values.store -}}
- {name: {{ $prefix }}BIND, value: "0.0.0.0:50051"}
- {name: {{ $prefix }}METRICS_PORT, value: "9464"}
- {name: {{ $prefix }}GRACE_SECONDS, value: {{ .values.graceSeconds | quote }}}
- {name: {{ $prefix }}MAX_CONCURRENT_CALLS, value: {{ .values.maxConcurrentCalls | quote }}}
- {name: SONGREEL_STORE, value: "s3://{{ $store.bucket }}{{ with $store.prefix }}/{{ . }}{{ end }}"}
- {name: SONGREEL_DATA, value: /data}
- {name: SONGREEL_S3_ENDPOINT, value: {{ include "songreel.storeEndpoint" .root | quote }}}
- {name: SONGREEL_S3_REGION, value: {{ $store.region | quote }}}
- {name: SONGREEL_S3_SECURE, value: {{ and $store.secure (not .root.Values.trial.store.enabled) | quote }}}
- {name: SONGREEL_S3_CREATE_BUCKET, value: {{ or $store.createBucket .root.Values.trial.store.enabled | quote }}}
- {name: SONGREEL_S3_CACHE, value: /cache}
- {name: SONGREEL_S3_CACHE_BYTES, value: "{{ mul $store.cacheGiB 1073741824 }}"}
{{ include "songreel.secretEnv" (dict "root" .root "variable" "SONGREEL_S3_ACCESS_KEY" "key" "s3-access-key") }}
{{ include "songreel.secretEnv" (dict "root" .root "variable" "SONGREEL_S3_SECRET_KEY" "key" "s3-secret-key") }}
{{- if eq .name "gateway" }}
{{- /* The trial's own store cannot be reached from outside. */}}
- {name: SONGREEL_S3_PUBLIC_URL, value: {{ $store.publicUrl | default (ternary "none" "" .root.Values.trial.store.enabled) | quote }}}
{{- end }}
{{- if eq (include "songreel.probesApart" .) "true" }}
- {name: {{ $prefix }}PROBE_BIND, value: "0.0.0.0:50052"}
{{- end }}
{{- if and .root.Values.tls.services (ne .name "gateway") }}
- {name: {{ $prefix }}TLS_CERTIFICATE, value: /tls/tls.crt}
- {name: {{ $prefix }}TLS_KEY, value: /tls/tls.key}
- {name: {{ $prefix }}TLS_CLIENT_AUTHORITY, value: /tls/ca.crt}
# Only these clients, whatever other certificates the authority has signed.
{{- $clients := list }}
{{- range $name := prepend (.callers | default list) "gateway" }}
{{- $client := include "songreel.fullname" (dict "root" $.root "name" $name) }}
{{- with get ($.callersMethods | default dict) $name }}{{ $client = printf "%s=%s" $client . }}{{ end }}
{{- $clients = append $clients $client }}
{{- end }}
- {name: {{ $prefix }}TLS_CLIENTS, value: {{ join "," $clients | quote }}}
{{- end }}
{{- with .env }}
{{ . }}
{{- end }}
{{- range $key, $value := .values.settings }}
{{- /* Helm's numbers are floats, which print as 5.36e+08. */}}
{{- if and (kindIs "float64" $value) (eq (floor $value) $value) }}{{ $value = int64 $value }}{{ end }}
- {name: {{ $prefix }}{{ upper $key }}, value: {{ $value | toString | quote }}}
{{- end }}
{{- end }}

{{/* Where traces go. Ray's replicas send none. */}}
{{- define "songreel.tracingEnv" -}}
{{- with .root.Values.tracing }}
{{- if .endpoint }}
- {name: OTEL_EXPORTER_OTLP_ENDPOINT, value: {{ .endpoint | quote }}}
- {name: OTEL_SERVICE_NAME, value: songreel-{{ $.name }}}
# A called service samples what its caller samples.
- {name: OTEL_TRACES_SAMPLER, value: parentbased_traceidratio}
- {name: OTEL_TRACES_SAMPLER_ARG, value: {{ .ratio | quote }}}
- name: OTEL_POD_NAME
  valueFrom:
    fieldRef: {fieldPath: metadata.name}
- {name: OTEL_RESOURCE_ATTRIBUTES, value: "k8s.namespace.name={{ $.root.Release.Namespace }},k8s.pod.name=$(OTEL_POD_NAME)"}
{{- end }}
{{- end }}
{{- end }}

{{/* Kubernetes' probes know no TLS: health has a port of its own then. */}}
{{- define "songreel.probesApart" -}}
{{- if eq .name "gateway" }}{{ ne .root.Values.tls.partners "" }}{{ else }}{{ .root.Values.tls.services }}{{ end }}
{{- end }}

{{- define "songreel.probe" -}}
grpc: {port: {{ .port }}{{ with .service }}, service: {{ . }}{{ end }}}
timeoutSeconds: 5
{{- end }}

{{/* The pod of a service. `it` may add: env, mounts, volumes (YAML), grpcService, gpu. */}}
{{- define "songreel.pod" -}}
{{- $probes := ternary 50052 50051 (eq (include "songreel.probesApart" .) "true") -}}
metadata:
  labels:
    {{- include "songreel.podLabels" . | nindent 4 }}
  annotations:
    kubectl.kubernetes.io/default-container: {{ .name }}
    {{- with .values.podAnnotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
spec:
  serviceAccountName: {{ include "songreel.fullname" . }}
  {{- include "songreel.podSecurity" . | nindent 2 }}
  terminationGracePeriodSeconds: {{ add .values.graceSeconds 10 }}
  {{- include "songreel.spread" . | nindent 2 }}
  {{- with .values.nodeSelector }}
  nodeSelector:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.tolerations }}
  tolerations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  containers:
    - name: {{ .name }}
      image: {{ include "songreel.image" (dict "root" .root "image" .values.image) }}
      imagePullPolicy: {{ .values.image.pullPolicy }}
      {{- include "songreel.containerSecurity" . | nindent 6 }}
      env:
        {{- include "songreel.env" . | nindent 8 }}
        {{- with include "songreel.tracingEnv" . | trim }}
        {{- . | nindent 8 }}
        {{- end }}
      ports:
        - {name: grpc, containerPort: 50051}
        - {name: metrics, containerPort: 9464}
      startupProbe:
        {{- include "songreel.probe" (dict "port" $probes) | nindent 8 }}
        periodSeconds: 2
        failureThreshold: 60
      readinessProbe:
        {{- include "songreel.probe" (dict "port" $probes "service" .grpcService) | nindent 8 }}
        periodSeconds: 5
        failureThreshold: 2
      livenessProbe:
        {{- include "songreel.probe" (dict "port" $probes) | nindent 8 }}
        periodSeconds: 20
        failureThreshold: 6
      lifecycle:
        # Load balancers learn that the pod stops before the server does.
        preStop: {sleep: {seconds: 5}}
      resources:
        {{- include "songreel.resources" . | nindent 8 }}
      volumeMounts:
        - {name: tmp, mountPath: /tmp}
        - {name: cache, mountPath: /cache}
        - {name: data, mountPath: /data}
        {{- if .root.Values.tls.services }}
        - {name: tls, mountPath: /tls, readOnly: true}
        {{- end }}
        {{- with .mounts }}
        {{- . | nindent 8 }}
        {{- end }}
  volumes:
    - {name: tmp, emptyDir: {sizeLimit: 8Gi}}
    # The cache is trimmed after each artifact, so it may exceed its limit for a while.
    - {name: cache, emptyDir: {sizeLimit: {{ add .root.Values.store.cacheGiB 2 }}Gi}}
    {{- if .root.Values.tls.services }}
    - {name: tls, secret: {secretName: {{ include "songreel.fullname" . }}-tls}}
    {{- end }}
    {{- if not .claimed }}
    - {name: data, emptyDir: {sizeLimit: 1Gi}}
    {{- end }}
    {{- with .volumes }}
    {{- . | nindent 4 }}
    {{- end }}
{{- end }}

{{- define "songreel.resources" -}}
{{- $resources := deepCopy .values.resources }}
{{- if and .gpu (gt (int .gpu.count) 0) }}
{{- $_ := set $resources "limits" (merge (dict .gpu.resource (int .gpu.count)) $resources.limits) }}
{{- end }}
{{- toYaml $resources }}
{{- end }}
