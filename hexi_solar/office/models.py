"""The tables that a register has: its events, and beside them what may be deleted."""

from __future__ import annotations

from django.db import models


class Event(models.Model):
    """One event, as `schema.LEDGER` declares it; the database refuses to change it."""

    seq = models.IntegerField("序号", primary_key=True)
    event_id = models.CharField("事件编号", max_length=200, unique=True)
    entity_type = models.CharField("对象类别", max_length=20)
    entity = models.CharField("对象编号", max_length=200)
    kind = models.CharField("事件类别", max_length=40)
    # days and times as the text that the hash is taken over
    valid_on = models.CharField("发生日期", max_length=10)
    recorded_at = models.CharField("登记时间", max_length=32)
    entered_at = models.CharField("录入时间", max_length=32)
    recorded_by = models.CharField("登记人", max_length=200)
    reason = models.TextField("事由", blank=True)
    payload = models.TextField("内容")
    source = models.TextField("来源文件", blank=True)
    source_sha256 = models.CharField("来源文件校验和", max_length=64, blank=True)
    source_row = models.IntegerField("来源行号", null=True)
    # unique: no two events follow the same one, so the chain cannot fork
    previous = models.CharField("上一事件校验值", max_length=64, unique=True)
    hash = models.CharField("校验值", max_length=64, unique=True)

    class Meta:
        """Names, and what is looked up."""

        verbose_name = verbose_name_plural = "事件"
        ordering = ("-seq",)
        indexes = (
            models.Index(fields=["entity_type", "entity"], name="office_event_entity"),
            models.Index(fields=["recorded_at"], name="office_event_recorded"),
            models.Index(fields=["entered_at"], name="office_event_entered"),
        )

    def __str__(self) -> str:
        return f"#{self.seq} {self.entity}"


class Contact(models.Model):
    """Whom to call: beside the ledger, so that it can be deleted for good."""

    entity_type = models.CharField("对象类别", max_length=20)
    entity = models.CharField("对象编号", max_length=200)
    role = models.CharField("职责", max_length=100, blank=True)
    name = models.CharField("姓名", max_length=100)
    phone = models.CharField("电话", max_length=50, blank=True)
    email = models.CharField("邮箱", max_length=200, blank=True)
    note = models.TextField("备注", blank=True)

    class Meta:
        """Names."""

        verbose_name = verbose_name_plural = "联系人"
        ordering = ("entity_type", "entity", "name")

    def __str__(self) -> str:
        # no name: what Django logs of a change outlasts the contact
        return f"{self.entity} {self.role}".strip()


class Setting(models.Model):
    """What the office keeps for itself, such as the key of its sessions."""

    key = models.CharField(max_length=100, primary_key=True)
    value = models.TextField()

    class Meta:
        """Names."""

        verbose_name = verbose_name_plural = "设置"

    def __str__(self) -> str:
        return str(self.key)
