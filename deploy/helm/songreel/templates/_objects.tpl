{{/* The objects that every service has, apart from its workload. */}}

{{- define "songreel.account" -}}
apiVersion: v1
kind: ServiceAccount
{{ include "songreel.metadata" . }}
automountServiceAccountToken: false
{{- end }}

{{- define "songreel.deployment" -}}
apiVersion: apps/v1
kind: Deployment
{{ include "songreel.metadata" . }}
spec:
  {{- if not .values.autoscaling.enabled }}
  replicas: {{ .values.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  strategy:
    type: RollingUpdate
    rollingUpdate: {maxSurge: {{ .surge | default 1 }}, maxUnavailable: {{ .unavailable | default 0 }}}
  selector:
    matchLabels:
      {{- include "songreel.selector" . | nindent 6 }}
  template:
    {{- include "songreel.pod" . | nindent 4 }}
{{- end }}

{{/* Headless: gRPC clients keep connections, so they balance over the pods themselves. */}}
{{- define "songreel.service" -}}
apiVersion: v1
kind: Service
{{ include "songreel.metadata" . }}
spec:
  clusterIP: None
  selector:
    {{- include "songreel.selector" . | nindent 4 }}
  ports:
    - {name: grpc, port: 50051, targetPort: grpc, appProtocol: kubernetes.io/h2c}
    - {name: metrics, port: 9464, targetPort: metrics}
{{- end }}

{{- define "songreel.scaling" -}}
{{- $scaling := .values.autoscaling }}
{{- if $scaling.enabled }}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
{{ include "songreel.metadata" . }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: {{ .kind | default "Deployment" }}
    name: {{ include "songreel.fullname" . }}
  minReplicas: {{ $scaling.min }}
  maxReplicas: {{ $scaling.max }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target: {type: Utilization, averageUtilization: {{ $scaling.cpuPercent }}}
    {{- if gt (int $scaling.inFlight) 0 }}
    - type: Pods
      pods:
        metric: {name: grpc_server_in_flight}
        target: {type: AverageValue, averageValue: {{ $scaling.inFlight | quote }}}
    {{- end }}
  behavior:
    scaleUp:
      stabilizationWindowSeconds: 15
      policies:
        - {type: Percent, value: 100, periodSeconds: 60}
        - {type: Pods, value: 2, periodSeconds: 60}
    scaleDown:
      stabilizationWindowSeconds: {{ .calm | default 300 }}
      {{- if .onlyUp }}
      # Unfinished jobs belong to the pod that began them: take pods away by hand
      # (docs/operate/upgrade.md).
      selectPolicy: Disabled
      {{- else }}
      policies:
        - {type: Pods, value: 1, periodSeconds: 60}
      {{- end }}
{{- end }}
{{- end }}

{{- define "songreel.budget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
{{ include "songreel.metadata" . }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "songreel.selector" . | nindent 6 }}
{{- end }}
